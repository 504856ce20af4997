import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** Whether a database has no people and no bots, so that a fictional platform can be planted in it. */
export async function isEmpty(db: Db): Promise<boolean> {
  const { rows } = await sql<{ empty: boolean }>`
    SELECT NOT EXISTS (SELECT FROM profiles) AND NOT EXISTS (SELECT FROM bots) AS empty`.execute(
    db,
  );
  return rows[0]!.empty;
}
