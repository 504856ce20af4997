import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { maxAgeHours, maxProofHours } from '../../data/backups/age.ts';
import {
  backupsInFolder,
  newestBackup,
  readBackups,
  type BackupRow,
} from '../../data/backups/rows.ts';
import { currentTime, doesWork, listNodes } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { byNumber } from '../../ground/text.ts';
import { whyUnfitHere, whyUnproven } from '../backups/folder-here.ts';
import { readBackupSettings } from '../backups/target.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';

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
  const unfit = folder === null ? null : await unfitFolder(db, folder);
  if (unfit) return unfit;
  const unprovable = folder === null ? null : await whyUnproven(db);
  if (!newest?.taken_at && unprovable)
    return warn(
      'Backups',
      `none has succeeded yet, and ${unprovable.what}: ${unprovable.why}`,
      unprovable.hint,
    );
  if (!newest?.taken_at)
    return folder === null && !last
      ? warn(
          'Backups',
          'none are made: the setting backup_folder is not set',
          '`npx roundsman settings backup_folder /var/backups/roundsman`, or `npx roundsman db backup --to-folder FOLDER`',
        )
      : warn('Backups', 'none has succeeded yet', look);
  const gone = await goneFileOf(newest);
  if (gone !== null) return fail('Backups', `the file of the newest one is gone: ${gone}`, look);
  const away = folder === null ? 0 : await countMissing(db, folder);
  if (away > 0)
    return warn(
      'Backups',
      `${byNumber(away, 'the file of one', `the files of ${away}`)} that should be in ${folder} ${byNumber(away, 'is', 'are')} not there`,
      'mount the disk on which they are; those that were removed by hand are forgotten once they are too old',
    );
  const age = hours(newest.taken_at);
  if (age >= maxAgeHours) return fail('Backups', `the newest one is ${age} hours old`, look);
  if (unprovable)
    return warn(
      'Backups',
      `the newest one is ${age} hours old, ${proven?.taken_at ? `the newest proven one ${hours(proven.taken_at)}` : 'and none was ever proven'}; ${unprovable.what}: ${unprovable.why}`,
      unprovable.hint,
    );
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

/** Says why the next backup cannot be written; null where it can, or where another host writes it. */
async function unfitFolder(db: Db, folder: string): Promise<Diagnosis | null> {
  try {
    await whyUnfitHere(db, folder);
    return null;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // Without a worker it is not known on which host the folder has to be.
    const workers = (await listNodes(db)).filter(doesWork);
    return (workers.length > 0 ? fail : warn)('Backups', `${error.what}: ${error.why}`, error.hint);
  }
}

/** The path of a file that this host has written and that is not there; null where it is there, or cannot be looked for from here. */
async function goneFileOf({ host, folder, file_name: name }: BackupRow): Promise<string | null> {
  if (host !== hostname() || folder === null || name === null) return null;
  const path = join(folder, name);
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error.code === 'ENOENT');
  return found === true ? path : null;
}

/** How many backups of this host, whose files should be in the folder, have none there. */
async function countMissing(db: Db, folder: string): Promise<number> {
  const all = await backupsInFolder(db, { folder, days: 1 });
  const sizes = await Promise.all(
    all
      .filter(({ host }) => host === hostname())
      .map(({ file_name: name }) => stat(join(folder, name)).catch(() => null)),
  );
  return sizes.filter((size) => size === null).length;
}
