/** Backups whose process was killed: what they have left in a folder is removed, and a whole file is taken over. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { lostInFolders } from '../../data/backups/rows.ts';
import type { Db } from '../../database/connect.ts';
import { findBackup } from '../../transitions/backups/find.ts';
import { loseBackups } from '../../transitions/backups/lose.ts';
import { noteRemoved } from '../../transitions/backups/remove.ts';

type Lost = Awaited<ReturnType<typeof lostInFolders>>[number];

/**
 * Under the lock that lets only one backup be made at a time. A file of another host's folder is left to that host, unless the folder is
 * the same one. A file with its final name is never removed here: it is whole, or not one of these.
 */
export async function clearLost(db: Db): Promise<void> {
  await loseBackups(db);
  for (const lost of await lostInFolders(db)) {
    if (await isWhole(lost)) {
      await findBackup(db, lost.id);
      continue;
    }
    const removed = await removePartial(lost);
    if (removed || lost.host === hostname()) await noteRemoved(db, lost.id);
  }
}

/** Whether its file has its name, and the bytes that were noted before it got it. */
async function isWhole({ folder, file_name: name, bytes, sha256 }: Lost): Promise<boolean> {
  if (name === null || sha256 === null) return false;
  const path = join(folder, name);
  if ((await stat(path).catch(() => null))?.size !== Number(bytes)) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') === sha256;
}

/** Whether there was a file under its temporary name. */
async function removePartial({ id, folder }: Lost): Promise<boolean> {
  const mark = `-${id.slice(0, 8)}.tar.zst`;
  const names = await readdir(folder).catch(() => []);
  const partial = names.filter(
    (name) => name.startsWith('.') && name.endsWith('.partial') && name.includes(mark),
  );
  for (const name of partial) await rm(join(folder, name), { force: true });
  return partial.length > 0;
}
