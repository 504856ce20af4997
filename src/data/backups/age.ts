/** How old the newest backup is, where the engine itself makes one each day. */
import { currentTime } from '../bots/engine.ts';
import { backupFolder, readSetting } from '../settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import { newestBackup } from './rows.ts';

/** As sentinel-db judges them: one is made each day, and proven then. */
export const [maxAgeHours, maxProofHours] = [36, 60];

export interface OldBackup {
  /** of the newest one; where there is none, since the folder was set */
  hours: number;
  /** whether there is one */
  isThere: boolean;
}

/** Null where no folder is set, and where the newest one is young enough. */
export async function oldBackup(db: Db): Promise<OldBackup | null> {
  const folder = await readSetting(db, backupFolder);
  if (typeof folder?.value !== 'string' || folder.value === '') return null;
  const newest = await newestBackup(db, { proven: false });
  const since = newest?.taken_at ?? folder.changed_at;
  if (!since) return null;
  const hours = Math.floor((+(await currentTime(db)) - +since) / 3_600_000);
  return hours >= maxAgeHours ? { hours, isThere: newest !== undefined } : null;
}
