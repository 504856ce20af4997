/**
 * Whose files may be believed. What another user can change is not read as a setting, run as a program or
 * written into as if it were ours: in a shared directory any name may have been taken before.
 */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const sticky = 0o1000;
const writableBy = { group: 0o020, others: 0o002 } as const;

/** Root, ourselves, and who owns this program: they can do what they like with us anyway. */
const trustedUsers = (): number[] => [
  0,
  process.geteuid!(),
  statSync(fileURLToPath(import.meta.url)).uid,
];

/** In a directory with the sticky bit each may only touch what is theirs. */
function isWritableByOthers(mode: number, gid: number, shared: boolean): boolean {
  if (shared && mode & sticky) return false;
  const groupIsOurs = gid === 0 || gid === process.getegid!();
  return Boolean(mode & writableBy.others || (mode & writableBy.group && !groupIsOurs));
}

/**
 * Why this file or directory, which exists, may not be believed, with the place on the way to it that another
 * user can change; null when it may. Links are resolved first. Always null where users have no numbers.
 */
export function untrusted(path: string): string | null {
  if (!process.geteuid) return null;
  const users = trustedUsers();
  const real = realpathSync(path);
  for (let place = real; ; place = dirname(place)) {
    const { uid, gid, mode } = lstatSync(place);
    if (!users.includes(uid)) return `${place} belongs to another user (id ${uid})`;
    if (isWritableByOthers(mode, gid, place !== real))
      return `${place} can be written by other users`;
    if (place === dirname(place)) return null;
  }
}
