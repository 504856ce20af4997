/** Removes the files of old backups. */
import { rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { backupsInFolder, type KeptBackup } from '../../data/backups/rows.ts';
import { whyAllStays } from '../../data/retention/why-all-stays.ts';
import type { Db } from '../../database/connect.ts';
import { noteRemoved } from '../../transitions/backups/remove.ts';
import type { BackupRequest } from './take.ts';

/**
 * Removes those in the folder that are older than `keepDays`, and returns how many: also those that another host wrote into it, as it is
 * with a network disk and with containers. The newest and the newest proven one whose files are in the folder stay whatever their
 * age, also when the clock was wrong, or files were removed by hand. A file that is missing beside its newer neighbour is noted as removed; where the
 * neighbour is missing, too, it is not known to be gone. While nothing may go by its age (`whyAllStays`), all of them stay.
 */
export async function removeOld(
  db: Db,
  { target, keepDays }: Pick<BackupRequest, 'target' | 'keepDays'>,
): Promise<number> {
  if (keepDays === null || !('folder' in target)) return 0;
  if ((await whyAllStays(db)) !== null) return 0;
  const { folder } = target;
  const all = await backupsInFolder(db, { folder, days: keepDays });
  const sizeOf = async ({ file_name: name }: KeptBackup) =>
    (await stat(join(folder, name)).catch(() => null))?.size;
  let [hasNewest, hasProven, wasThere, removed] = [false, false, false, 0];
  for (const backup of all) {
    const [wasNewest, wasProven] = [hasNewest, hasProven];
    const size = await sizeOf(backup);
    const isHere = wasThere;
    wasThere = size !== undefined;
    // Another host's folder of the same path.
    if (size === undefined && backup.host !== hostname()) continue;
    // The next newer one is not there either: the disk of that time is not mounted now, and has its file still.
    if (size === undefined && !isHere) continue;
    if (size === Number(backup.bytes)) {
      hasNewest = true;
      hasProven ||= backup.is_proven;
    }
    const isLastOfItsKind = wasNewest !== hasNewest || wasProven !== hasProven;
    if (!backup.is_old || isLastOfItsKind) continue;
    await rm(join(folder, backup.file_name), { force: true });
    await noteRemoved(db, backup.id);
    removed += 1;
  }
  return removed;
}
