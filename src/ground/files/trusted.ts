/**
 * Decides which files may be trusted. A file that another user can change is not read for settings, not run as a program,
 * and not written into as if it were Roundsman's: in a shared directory another user may have taken the name first.
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
 * The owner id that files of root show in a user namespace that does not map root; files of every other user who is not
 * mapped show the same id. Null where ids are the real ones.
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

/** One entry of the way that a path takes. */
interface PathEntry {
  path: string;
  stats: Stats;
  /** any user can add files to the parent directory, which has the sticky bit */
  inShared: boolean;
  /** this is the path that was asked about, links resolved, and not a directory on the way to it */
  isEnd: boolean;
}

/**
 * Whether an entry whose owner is not mapped counts as root's. A directory on the path does if no other user could have
 * created it: only root creates directories in root's directories. A directory that holds the program is trusted as the
 * program is.
 */
function belongsToRoot({ path, inShared, isEnd }: PathEntry): boolean {
  return (!inShared && (!isEnd || holdsProgram(dirname(path)))) || holdsProgram(path);
}

function belongsToOtherUser(entry: PathEntry): boolean {
  const { uid } = entry.stats;
  return !isTrustedUser(uid) && !(uid === unmapped && belongsToRoot(entry));
}

/** Whether another user can write. An access list that grants more rights shows in the rights of the group. */
function isWritableByOthers(path: string, { mode, gid }: Stats): boolean {
  if (mode & writableBy.others) return true;
  if (!(mode & writableBy.group)) return false;
  return !hasOnlyMembers(gid, isTrustedUser) || mayHaveAccessList(path);
}

/** Why one entry on the way may not be trusted; null when it may. */
function distrustEntry(entry: PathEntry): Distrust | null {
  const { path, stats, inShared, isEnd } = entry;
  // The path goes on below this entry, which is not a directory: the system itself reports that error.
  if (!isEnd && !stats.isDirectory() && !stats.isSymbolicLink()) return null;
  if (belongsToOtherUser(entry)) {
    const ownUid = process.geteuid!();
    return {
      why: `${path} ${stats.isSymbolicLink() ? 'is a link that ' : ''}belongs to another user (id ${stats.uid})`,
      hint: stats.isSymbolicLink()
        ? `remove that link (rm ${path})`
        : `make it your own (chown ${ownUid} ${path}${ownUid === 0 ? '' : ', as root'})`,
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

/** A path with more links than this counts as an endless circle of links. */
const maxLinks = 40;

/**
 * Why this file or directory, which exists, may not be trusted: with the first entry on the way to it, links
 * included, that another user can change. Null when it may be trusted. Always null on systems where users have no
 * numbers.
 */
export function distrust(path: string): Distrust | null {
  if (!process.geteuid) return null;
  // Not `path.join`, which drops `link/..`.
  const namesIn = (each: string, from: string): string[] =>
    (isAbsolute(each) ? each : `${from}/${each}`).split('/').filter((name) => !/^\.?$/.test(name));
  const names = namesIn(path, process.cwd());
  let current = '/';
  let inShared = false;
  for (let links = 0; ;) {
    const stats = lstatSync(current);
    const entry = { path: current, stats, inShared, isEnd: names.length === 0 };
    const found = distrustEntry(entry);
    if (found) return found;
    if (stats.isSymbolicLink()) {
      links += 1;
      // Throws the system's error for a circle of links.
      if (links > maxLinks) statSync(path);
      names.unshift(...namesIn(readlinkSync(current), dirname(current)));
      [current, inShared] = ['/', false];
      continue;
    }
    const next = names.shift();
    if (next === undefined) return null;
    inShared = isWritableByOthers(current, stats);
    current = next === '..' ? dirname(current) : join(current, next);
  }
}

/** Like {@link distrust}, for a path that may be missing: then only the directories above it are checked. */
export function distrustMaybeMissing(path: string): Distrust | null {
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
      : distrustEntry({ path, stats, inShared: false, isEnd: true });
    if (inside) return inside;
  }
  return null;
}

/** The reason why {@link distrust} does not trust this path; null when it does. */
export const untrusted = (path: string): string | null => distrust(path)?.why ?? null;
