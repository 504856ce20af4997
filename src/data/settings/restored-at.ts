/** When the database was restored from a backup: what was due before then may have been done since the backup was made. */
import type { Db } from '../../database/connect.ts';
import { readSetting, writeSetting } from './rows.ts';

const restoredAt = 'restored_at';

/** Notes it, by the clock of the database. */
export const noteRestored = (db: Db, backup: string, by: string): Promise<void> =>
  writeSetting(db, { key: restoredAt, value: { backup }, by });

/** Null where the database was never restored. */
export async function readRestoredAt(db: Db): Promise<Date | null> {
  return (await readSetting(db, restoredAt))?.changed_at ?? null;
}
