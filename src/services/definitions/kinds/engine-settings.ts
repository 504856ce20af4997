/** Rows of `engine.settings`, which several kinds of definitions are. */
import { sql, type Transaction } from 'kysely';
import { lockKeys, readSetting } from '../../../data/settings/rows.ts';
import type { Database, Db } from '../../../database/connect.ts';
import { time } from '../../../ground/text.ts';

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

/** `ann at 2026-12-01 10:00:00 UTC`; null where a person has not changed it. */
export async function changedSetting(db: Db, key: string): Promise<string | null> {
  const stored = await readSetting(db, key);
  return stored?.changed_by && stored.changed_at
    ? `${stored.changed_by} at ${time(stored.changed_at)} UTC`
    : null;
}
