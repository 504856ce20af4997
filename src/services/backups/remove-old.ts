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
 * age, also when the clock was wrong, or files were removed by hand. A file that is missing between its neighbours is noted as removed; where one
 * of these is missing, too, it is not known to be gone. While nothing may go by its age (`whyAllStays`), all of them stay.
 */
export async function removeOld(
  db: Db,
  {
    target,
    keepDays,
    made,
  }: Pick<BackupRequest, 'target' | 'keepDays'> & {
    /** the id of the one that was made just now */ made?: string;
  },
): Promise<number> {
  if (keepDays === null || !('folder' in target)) return 0;
  if ((await whyAllStays(db)) !== null) return 0;
  const { folder } = target;
  const all = await backupsInFolder(db, { folder, days: keepDays });
  const sizeOf = async ({ file_name: name }: KeptBackup) =>
    (await stat(join(folder, name)).catch(() => null))?.size;
  const sizes = await Promise.all(all.map(sizeOf));
  /** Where its neighbours are missing, too, the disk of that time is not mounted now, and has its file still. */
  const isGone = (at: number): boolean =>
    sizes[at - 1] !== undefined &&
    (at + 1 < all.length ? sizes[at + 1] !== undefined : all[at - 1]!.id !== made);
  let [hasNewest, hasProven, removed] = [false, false, 0];
  for (const [at, backup] of all.entries()) {
    const [wasNewest, wasProven] = [hasNewest, hasProven];
    const size = sizes[at];
    // Another host's folder of the same path, or a disk that is away.
    if (size === undefined && (backup.host !== hostname() || !isGone(at))) continue;
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
