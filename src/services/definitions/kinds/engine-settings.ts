/** Rows of `engine.settings`, which several kinds of definitions are. */
import { sql, type Transaction } from 'kysely';
import { lockKeys } from '../../../data/settings/rows.ts';
import type { Database } from '../../../database/connect.ts';

/** Locks them, also those that are not set. */
export async function lockSettings(
  trx: Transaction<Database>,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  await lockKeys(trx, keys);
  await sql`SELECT FROM engine.settings WHERE key = ANY (${keys}::text[])
            -- Locks engine.settings by key.
            ORDER BY key FOR NO KEY UPDATE`.execute(trx);
}
