/** Whether anything may go by its age at all: rows of whatever table, figures, and files of backups. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { readRestoredAt } from '../settings/restored-at.ts';
import { whyClockUnsure } from './clock.ts';

/** Why nothing may go now, as a text for a person; null where what is old may go. */
export const whyAllStays = async (db: Db): Promise<string | null> =>
  (await whyLookedAt(db)) ?? whyClockUnsure(db);

/**
 * A database that was restored is looked at before anything is done there: people look for what was in it. They have done so when they
 * set its mode, which the restore has set to off. A mode that a person sets to off keeps nothing, because a healing that is switched off for
 * months must not fill the disk.
 */
async function whyLookedAt(db: Db): Promise<string | null> {
  const restored = await readRestoredAt(db);
  if (restored === null) return null;
  const { rows } = await sql<{ off: boolean }>`
    SELECT EXISTS (SELECT FROM engine.settings WHERE key = 'mode' AND value #>> '{}' = 'off'
                   AND changed_at <= ${restored}::timestamptz) AS off`.execute(db);
  return rows[0]!.off
    ? `the database was restored at ${restored.toISOString()}, and its mode was not set since: \`npx roundsman mode safe\``
    : null;
}
