import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/**
 * Whether something has to be listened for: a bot reads what a source sends (`in:<source>`), or a remote bot reports later (contract
 * `async`).
 */
export async function isWebNeeded(db: Db): Promise<boolean> {
  const { rows } = await sql<{ needed: boolean }>`
    SELECT EXISTS (SELECT FROM bots WHERE removed_at IS NULL
      AND (api_endpoint LIKE 'in:%'
           OR api_endpoint LIKE 'https://%' AND config ->> 'contract' = 'async')) AS needed`.execute(
    db,
  );
  return rows[0]!.needed;
}
