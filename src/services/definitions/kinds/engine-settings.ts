/** Rows of `engine.settings`, which several kinds of definitions are. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../../database/connect.ts';

/** Locks those that are set. */
export async function lockSettings(
  trx: Transaction<Database>,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  await sql`SELECT FROM engine.settings WHERE key = ANY (${keys}::text[])
            -- Locks engine.settings by key.
            ORDER BY key FOR NO KEY UPDATE`.execute(trx);
}
