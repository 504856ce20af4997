/** Backups whose process was killed: what they have left in a folder is removed, and a whole file is taken over. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { failedInFolder, lostInFolders } from '../../data/backups/rows.ts';
import type { Db } from '../../database/connect.ts';
import { findBackup } from '../../transitions/backups/find.ts';
import { loseBackups } from '../../transitions/backups/lose.ts';
import { noteRemoved } from '../../transitions/backups/remove.ts';

type Lost = Awaited<ReturnType<typeof lostInFolders>>[number];

/**
 * Under the lock that lets only one backup be made at a time. A file of another host's folder is left to that host, unless the folder is
 * the same one; and where the backup before it is not in the folder, that is another one now, as where a disk is not mounted: what was lost
 * waits for it. A file with its final name is never removed here: it is whole, or not one of these.
 */
export async function clearLost(db: Db): Promise<void> {
  await loseBackups(db);
  for (const lost of await lostInFolders(db)) {
    if (await isWhole(lost)) {
      await findBackup(db, lost.id);
      continue;
    }
    const removed = (await removePartials(lost.folder, [lost.id])) > 0;
    if (removed || (lost.host === hostname() && (await isSameFolder(lost))))
      await noteRemoved(db, lost.id);
  }
}

/**
 * Removes what failed backups have left in a folder: they remove it themselves, unless the folder became read-only before. A folder that
 * may be written into has to be given.
 */
export async function clearFailed(db: Db, folder: string): Promise<void> {
  await removePartials(folder, await failedInFolder(db, folder));
}

const isSameFolder = async ({ folder, before }: Lost): Promise<boolean> =>
  before === null || (await stat(join(folder, before)).catch(() => null)) !== null;

/** Whether its file has its name, and the bytes that were noted before it got it. */
async function isWhole({ folder, file_name: name, bytes, sha256 }: Lost): Promise<boolean> {
  if (name === null || sha256 === null) return false;
  const path = join(folder, name);
  if ((await stat(path).catch(() => null))?.size !== Number(bytes)) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') === sha256;
}

/** How many files under temporary names there were of these backups. */
async function removePartials(folder: string, ids: readonly string[]): Promise<number> {
  const marks = new Set(ids.map((id) => id.slice(0, 8)));
  const names = await readdir(folder).catch(() => []);
  const partial = names.filter((name) => {
    const [, mark] = /^\..*-([0-9a-f]{8})\.tar\.zst(?:\.age)?\.partial$/.exec(name) ?? [];
    return mark !== undefined && marks.has(mark);
  });
  for (const name of partial) await rm(join(folder, name), { force: true });
  return partial.length;
}
