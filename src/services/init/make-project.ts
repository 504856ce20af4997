/** Writes a new project, whole or not at all: aside first, and then moved to its place. */
import * as fs from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { messageOf, RoundsmanError, UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { filesOf } from './files.ts';
import { isAsWritten, isPlace, isWriting, newPlace, removeLeft, topOf, writerOf } from './place.ts';
import { development, runtime } from './versions.ts';

/** The directory of a new project cannot be used, or could not be written; nothing of the project is there. */
export class NoProjectError extends RoundsmanError {}

/** How many names of files a message lists. */
const maxNamed = 5;

/**
 * Makes the project in a directory that is missing or empty (a `.git` aside), or in which an earlier call was killed, and returns its path
 * and the paths of its files. `roundsman` is what npm installs as Roundsman: a version, or another thing that npm takes. Existing files
 * are never written to. Throws {@link UsageError} for a directory that can hold no project, and {@link NoProjectError}.
 */
export function makeProject(given: string, roundsman: string): { path: string; files: string[] } {
  const path = usable(given);
  const files = filesOf(packageName(path), roundsman);
  const { isThere, moved } = refuseOccupied(path, files);
  const above = isThere ? path : dirname(path);
  const place = newPlace(above);
  try {
    fs.mkdirSync(above, { recursive: true });
    fs.mkdirSync(place);
    // Not before: one of the two always says that this directory is no whole project yet.
    removeLeft(above, place);
    for (const [file, text] of files) {
      if (moved.has(topOf(file))) continue;
      fs.mkdirSync(dirname(join(place, file)), { recursive: true });
      fs.writeFileSync(join(place, file), text, { flag: 'wx', flush: true });
    }
    if (isThere) moveInto(place, path);
    // Fails where another process has put something there meanwhile.
    else fs.renameSync(place, path);
  } catch (error) {
    // Beside what an earlier call has moved it stays, so that the next one takes up both.
    if (moved.size === 0) fs.rmSync(place, { recursive: true, force: true });
    throw notWritten(given, error);
  }
  return { path, files: [...files.keys()].toSorted() };
}

/** Moves each entry, package.json last: without it npm knows no project there. What was moved goes back where one fails. */
function moveInto(place: string, path: string): void {
  const isLast = (name: string) => Number(name === 'package.json');
  const names = fs.readdirSync(place).toSorted((a, b) => isLast(a) - isLast(b));
  const moved: string[] = [];
  try {
    for (const name of names) {
      if (fs.existsSync(join(path, name))) throw new Error(`${name} is there meanwhile`);
      fs.renameSync(join(place, name), join(path, name));
      moved.push(name);
    }
    fs.rmdirSync(place);
  } catch (error) {
    for (const name of moved) fs.renameSync(join(path, name), join(place, name));
    throw error;
  }
}

/** The absolute path. Throws {@link UsageError} where a project could not work. */
function usable(given: string): string {
  const refuse = (why: string, hint: string): never => {
    throw new UsageError({ what: `no project can be made in ${printable(given)}`, why, hint });
  };
  if (given.trim() === '')
    refuse('the name of the directory is empty', 'give a name, such as `npx roundsman init bots`');
  if (/\p{Cc}/u.test(given))
    refuse('its name has a control character', 'give a name that can be typed');
  const path = resolve(given);
  if (path.split(sep).includes('node_modules'))
    refuse('Node runs no TypeScript below node_modules', 'take a directory outside of it');
  if (path === dirname(path)) refuse('it is the root of the file system', 'take a directory below');
  return path;
}

/**
 * Whether the directory exists, and the names in it that a killed call has moved there already. Throws {@link NoProjectError} where
 * something else is in it.
 */
function refuseOccupied(
  path: string,
  files: ReadonlyMap<string, string>,
): { isThere: boolean; moved: ReadonlySet<string> } {
  const refuse = (why: string, hint: string): never => {
    throw new NoProjectError({ what: `no project was made in ${printable(path)}`, why, hint });
  };
  let names: string[];
  try {
    names = fs.readdirSync(path).filter((name) => name !== '.git');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { isThere: false, moved: new Set() };
    if (code === 'ENOTDIR') return refuse('it is no directory', 'give the name of a directory');
    throw notWritten(path, error);
  }
  const busy = names.map(writerOf).find((writer) => writer !== null && isWriting(writer));
  if (busy !== undefined)
    refuse(`process ${busy} is writing one there`, 'wait for its end, or take another directory');
  const others = names.filter((name) => !isPlace(name));
  const foreign = others.filter((name) => !isAsWritten(path, name, files));
  if (others.length === 0 || (foreign.length === 0 && others.length < names.length))
    return { isThere: true, moved: new Set(others) };
  const named = names.slice(0, maxNamed).map(printable).join(', ');
  const more = names.length > maxNamed ? ` and ${names.length - maxNamed} more` : '';
  const left = names.find(isPlace);
  return refuse(
    `there is ${named}${more} in it, and files that exist are never overwritten`,
    left
      ? `an init was ended before its end, and ${foreign.map(printable).join(', ')} is not as that would write it: move it away, and try again; or remove ${left} and what it has moved`
      : 'take an empty directory, or the name of a new one: `npx roundsman init my-bots`',
  );
}

/** npm takes none of these: the name of a package that it installs there would be the project's own. */
const refusedNames = new Set([
  '',
  'favicon.ico',
  'node_modules',
  'roundsman',
  ...Object.keys({ ...development, ...runtime }),
]);

/** A name that npm takes, from that of the directory. */
function packageName(path: string): string {
  const name = basename(path)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|[._-]+$/g, '')
    .slice(0, 100);
  return refusedNames.has(name) ? 'my-bots' : name;
}

const hints: Record<string, string> = {
  EACCES: 'take a directory in which you may write',
  EPERM: 'take a directory in which you may write',
  EROFS: 'take a directory on a disk that can be written',
  ENOSPC: 'make room, and try again',
  EDQUOT: 'make room, and try again',
  ENAMETOOLONG: 'take a shorter name',
};

const notWritten = (given: string, error: unknown): NoProjectError =>
  new NoProjectError(
    {
      what: `no project was made in ${printable(given)}`,
      why: messageOf(error),
      hint:
        hints[(error as NodeJS.ErrnoException).code ?? ''] ?? 'look at that place, and try again',
    },
    { cause: error },
  );
