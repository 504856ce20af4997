/** The directory in which a project is written before it is moved to its own, and what is left of it when `init` is killed. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../ground/processes.ts';

/** Its name has the process that writes there. */
export const newPlace = (above: string): string =>
  join(above, `.roundsman-init-${process.pid}-${randomBytes(4).toString('hex')}`);

/** The id of the process that writes in a directory of this name; null for another name. */
export function writerOf(name: string): number | null {
  const [, pid] = /^\.roundsman-init-(\d+)-[0-9a-f]+$/.exec(name) ?? [];
  return pid === undefined ? null : Number(pid);
}

export const isPlace = (name: string): boolean => writerOf(name) !== null;

/** Whether the writer still runs. This process has written nothing when it asks: an earlier one had its id. */
export const isWriting = (pid: number): boolean => pid !== process.pid && isAlive(pid);

/** Removes what killed processes of this user have left in a directory. What cannot be seen or removed stays. */
export function removeLeft(above: string, except: string): void {
  try {
    for (const name of fs.readdirSync(above)) {
      const writer = writerOf(name);
      const path = join(above, name);
      if (writer === null || path === except || isWriting(writer)) continue;
      if (fs.lstatSync(path).uid === process.getuid?.()) fs.rmSync(path, { recursive: true });
    }
  } catch {
    // The project is written all the same.
  }
}

/** The entry of the project's directory in which a file lies. */
export const topOf = (file: string): string => file.split('/', 1)[0]!;

/** Whether an entry of the directory is what `init` puts there: the same files with the same texts, and nothing else. */
export function isAsWritten(
  directory: string,
  name: string,
  files: ReadonlyMap<string, string>,
): boolean {
  const path = join(directory, name);
  const ours = [...files].filter(([file]) => topOf(file) === name);
  if (ours.length === 0 || fs.lstatSync(path).isSymbolicLink()) return false;
  const there = fs.lstatSync(path).isDirectory()
    ? fs
        .readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name))
    : [path];
  return (
    there.length === ours.length &&
    ours.every(([file, text]) => {
      const own = join(directory, file);
      return (
        there.includes(own) && fs.lstatSync(own).isFile() && fs.readFileSync(own, 'utf8') === text
      );
    })
  );
}
