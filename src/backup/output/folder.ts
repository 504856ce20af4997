/** Writes a backup into a folder: under a temporary name until all of it is on the disk. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, rename, rm, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { UsageError } from '../../ground/errors.ts';
import { distrust } from '../../ground/files/trusted.ts';

export interface Written {
  bytes: number;
  sha256: string;
}

/** The name under which a file is written: nothing takes it for a backup. */
export const partialName = (name: string): string => `.${name}.partial`;

/** Throws UsageError for a folder that cannot hold backups. */
export async function refuseUnfitFolder(folder: string): Promise<void> {
  const unfit = (why: string, hint: string) =>
    new UsageError({ what: `${folder} cannot hold backups`, why, hint });
  if (!isAbsolute(folder))
    throw unfit(
      'it is no absolute path, and processes start in different directories',
      'for example /var/backups/roundsman',
    );
  const stats = await stat(folder).catch(() => null);
  if (!stats?.isDirectory())
    throw unfit('there is no such directory on this host', `\`mkdir -m 700 ${folder}\``);
  // Where another account may write, or rename a directory on the way, it could put a file of its own in the place of a backup.
  const found = distrust(folder);
  if (found) throw unfit(found.why, found.hint);
  await access(folder, constants.W_OK | constants.X_OK).catch(() => {
    throw unfit('this account may not write into it', `\`ls -ld ${folder}\` shows whose it is`);
  });
}

/**
 * Writes it all, has the disk keep it, and gives it its name. A failure or a kill leaves no file of that name, unless all of it was written
 * and `beforeNaming` had resolved: what that has noted tells whose file it is.
 */
export async function writeToFolder(
  folder: string,
  name: string,
  stream: Readable,
  beforeNaming: (written: Written) => Promise<void> = async () => {},
): Promise<Written> {
  const partial = join(folder, partialName(name));
  const hash = createHash('sha256');
  let bytes = 0;
  let written: Written;
  let isNamed = false;
  try {
    const file = await open(partial, 'wx', 0o600);
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
        await file.writeFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    written = { bytes, sha256: hash.digest('hex') };
    await beforeNaming(written);
    await rename(partial, join(folder, name));
    isNamed = true;
    await syncDirectory(folder);
  } catch (error) {
    stream.destroy();
    await rm(partial, { force: true }).catch(() => {});
    if (isNamed) await rm(join(folder, name), { force: true }).catch(() => {});
    // A failed write does not say of which file it was.
    if ((error as NodeJS.ErrnoException).syscall) Object.assign(error as Error, { path: partial });
    throw error;
  }
  return written;
}

/** A new name is on the disk only once its directory is. */
async function syncDirectory(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
