/**
 * Which files may be trusted. A file that another user can change is not read as a setting, run as a program, or
 * written into as if it were Roundsman's: in a shared directory another user may have taken the name first.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasOnlyMembers, mayHaveAccessList } from './group-rights.ts';

const sticky = 0o1000;
const writableBy = { group: 0o020, others: 0o002 } as const;

export interface Distrust {
  /** includes the place that another user can change */
  why: string;
  /** the command that takes the right away, as a part of a sentence */
  hint: string;
}

const program = fileURLToPath(import.meta.url);

/**
 * Whether the program itself lies in this directory. A user who can change the program controls this process in any
 * case.
 */
const holdsProgram = (directory: string): boolean =>
  program.startsWith(directory === '/' ? '/' : `${directory}/`);

/**
 * In a user namespace that does not map root, files of root show this owner id, and so do files of every other user
 * who is not mapped. Null where ids are the real ones.
 */
function unmappedId(): number | null {
  try {
    const overflow = Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'));
    const isMapped = readFileSync('/proc/self/uid_map', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .some(
        ([inside = 0, outside, count = 0]) =>
          outside === 0 || (inside <= overflow && overflow < inside + count),
      );
    return isMapped ? null : overflow;
  } catch {
    return null;
  }
}

const unmapped = unmappedId();

/**
 * Whether this user is root, the user of this process, or the owner of the program. They control this process in any
 * case.
 */
export function isTrustedUser(uid: number): boolean {
  if (uid === unmapped) return false;
  return [0, process.geteuid?.(), statSync(program).uid].includes(uid);
}

interface Place {
  path: string;
  stats: Stats;
  /** any user can add files to the parent directory, which has the sticky bit */
  inShared: boolean;
  /** this is the path that was asked about, links resolved, and not a directory on the way to it */
  isEnd: boolean;
}

/**
 * For a place whose owner is not mapped. A directory on the path counts as root's if no other user could have created
 * it: only root creates directories in root's directories. A directory that holds the program is trusted as the program
 * is.
 */
function isRoots({ path, inShared, isEnd }: Place): boolean {
  return (!inShared && (!isEnd || holdsProgram(dirname(path)))) || holdsProgram(path);
}

function isTheirs(place: Place): boolean {
  const { uid } = place.stats;
  return !isTrustedUser(uid) && !(uid === unmapped && isRoots(place));
}

/** If an access list grants more rights, its mask shows as the rights of the group. */
function isWritableByOthers(path: string, { mode, gid }: Stats): boolean {
  if (mode & writableBy.others) return true;
  if (!(mode & writableBy.group)) return false;
  return !hasOnlyMembers(gid, isTrustedUser) || mayHaveAccessList(path);
}

/** Why one place on the way may not be trusted; null when it may. */
function distrustPlace(place: Place): Distrust | null {
  const { path, stats, inShared, isEnd } = place;
  // The path goes on below this place, which is not a directory: the system itself reports that error.
  if (!isEnd && !stats.isDirectory() && !stats.isSymbolicLink()) return null;
  if (isTheirs(place)) {
    const us = process.geteuid!();
    return {
      why: `${path} ${stats.isSymbolicLink() ? 'is a link that ' : ''}belongs to another user (id ${stats.uid})`,
      hint: stats.isSymbolicLink()
        ? `remove that link (rm ${path})`
        : `make it your own (chown ${us} ${path}${us === 0 ? '' : ', as root'})`,
    };
  }
  // If the kernel does not forbid it, another user may create a hard link to this user's file.
  if (inShared && !stats.isDirectory() && stats.nlink > 1)
    return {
      why: `${path} has a second name (a hard link), and other users can create one there`,
      hint: `replace it by a copy of your own`,
    };
  if (stats.isSymbolicLink() || !isWritableByOthers(path, stats)) return null;
  // In a directory with the sticky bit, users may rename and remove only their own files.
  if (!isEnd && stats.mode & sticky) return null;
  return {
    why: `${path} can be written by other users`,
    hint: `take that right away (chmod go-w ${path})`,
  };
}

/** A path with more links than this is taken for a circle. */
const maxLinks = 40;

/**
 * Why this file or directory, which exists, may not be trusted: with the first place on the way to it, links
 * included, that another user can change. Null when it may be trusted. Always null on systems where users have no
 * numbers.
 */
export function distrust(path: string): Distrust | null {
  if (!process.geteuid) return null;
  // Not `path.join`, which drops `link/..`.
  const namesIn = (each: string, from: string): string[] =>
    (isAbsolute(each) ? each : `${from}/${each}`).split('/').filter((name) => !/^\.?$/.test(name));
  const names = namesIn(path, process.cwd());
  let at = '/';
  let inShared = false;
  for (let links = 0; ;) {
    const stats = lstatSync(at);
    const place = { path: at, stats, inShared, isEnd: names.length === 0 };
    const found = distrustPlace(place);
    if (found) return found;
    if (stats.isSymbolicLink()) {
      links += 1;
      // Throws the system's error for a circle of links.
      if (links > maxLinks) statSync(path);
      names.unshift(...namesIn(readlinkSync(at), dirname(at)));
      [at, inShared] = ['/', false];
      continue;
    }
    const next = names.shift();
    if (next === undefined) return null;
    inShared = isWritableByOthers(at, stats);
    at = next === '..' ? dirname(at) : join(at, next);
  }
}

/** Like {@link distrust}, for a path that may be missing: then only the way to its place is checked. */
export function distrustWay(path: string): Distrust | null {
  try {
    return distrust(path);
  } catch {
    // If it is missing or cannot be looked at, the code that uses it reports that.
    return null;
  }
}

/** Like {@link distrust}, for a directory and everything in it. */
export function distrustTree(directory: string): Distrust | null {
  const found = distrust(directory);
  if (found || !process.geteuid) return found;
  for (const { parentPath, name } of readdirSync(directory, {
    recursive: true,
    withFileTypes: true,
  })) {
    const path = join(parentPath, name);
    const stats = lstatSync(path);
    const inside = stats.isSymbolicLink()
      ? distrust(path)
      : distrustPlace({ path, stats, inShared: false, isEnd: true });
    if (inside) return inside;
  }
  return null;
}

/** Only the reason. */
export const untrusted = (path: string): string | null => distrust(path)?.why ?? null;
