import { newestBackup, readBackups } from '../../data/backups/rows.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { readBackupSettings } from '../backups/target.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';

/** As sentinel-db judges them: one is made each day, and proven then. */
const [maxAgeHours, maxProofHours] = [36, 60];

/** How old the newest backup is, and when one was last proven. */
export async function examineBackups(db: Db): Promise<Diagnosis> {
  const now = await currentTime(db);
  const { folder } = await readBackupSettings(db);
  const [newest, proven, [last]] = await Promise.all([
    newestBackup(db, { proven: false }),
    newestBackup(db, { proven: true }),
    readBackups(db, 1),
  ]);
  const hours = (at: Date) => Math.round((+now - +at) / 3_600_000);
  const look =
    '`npx roundsman db backups` shows them; `npx roundsman jobs show backup` says why the daily one failed';
  if (!newest?.taken_at)
    return folder === null && !last
      ? warn(
          'Backups',
          'none are made: the setting backup_folder is not set',
          '`npx roundsman settings backup_folder /var/backups/roundsman`, or `npx roundsman db backup --to-folder FOLDER`',
        )
      : warn('Backups', 'none has succeeded yet', look);
  const age = hours(newest.taken_at);
  if (age >= maxAgeHours) return fail('Backups', `the newest one is ${age} hours old`, look);
  if (!proven?.taken_at)
    return warn(
      'Backups',
      `the newest one is ${age} hours old, and none was ever proven${newest.proof_error === null ? '' : `: ${newest.proof_error}`}`,
      '`npx roundsman db backup verify`',
    );
  const provenAge = hours(proven.taken_at);
  const detail = `the newest one is ${age} hours old, the newest proven one ${provenAge}`;
  return provenAge >= maxProofHours ? warn('Backups', detail, look) : ok('Backups', detail);
}
