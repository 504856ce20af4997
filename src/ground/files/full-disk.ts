/** A disk without room, or a quota that is used up, behind an error of a file or of SQLite. */
import { messageOf, type Explanation } from '../errors.ts';

const codes = new Set(['ENOSPC', 'EDQUOT']);
const SQLITE_FULL = 13;

/** PostgreSQL and initdb tell it in their logs, which errors quote. */
const words = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/;

function isFull(error: Error): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code === 'ERR_SQLITE_ERROR') return (Number(errcode) & 0xff) === SQLITE_FULL;
  return codes.has(String(code)) || words.test(error.message);
}

/** The error that says so: this one, its cause, or one of several; null where none does. */
export function fullDiskBehind(error: unknown, depth = 8): Error | null {
  if (!(error instanceof Error) || depth === 0) return null;
  if (isFull(error)) return error;
  const several = error instanceof AggregateError ? error.errors : [];
  for (const each of [error.cause, ...several]) {
    const found = fullDiskBehind(each, depth - 1);
    if (found) return found;
  }
  return null;
}

/** What to try where a disk is full; `place` is on it. */
export const makeRoom = (place: string): string =>
  `make room on the disk of ${place} (\`df -h\` and \`df -i\` show it), then run the command again`;

/** The explanation for a person; null where no disk is full. */
export function explainFullDisk(error: unknown): Explanation | null {
  const found = fullDiskBehind(error);
  if (!found) return null;
  const { path, dest } = found as { path?: unknown; dest?: unknown };
  const place = [path, dest].find((each) => typeof each === 'string');
  return {
    what: 'a disk is full',
    why: messageOf(found),
    hint: makeRoom(
      typeof place === 'string' ? place : 'ROUNDSMAN_HOME, of the database and of TMPDIR',
    ),
  };
}
