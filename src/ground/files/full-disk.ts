/** Recognises errors of files and of SQLite whose reason is a full disk, or a quota that is used up. */
import { messageOf, type Explanation } from '../errors.ts';

const fullCodes = new Set(['ENOSPC', 'EDQUOT']);
const SQLITE_FULL = 13;

/** The words of PostgreSQL and initdb in their logs, which errors quote. */
const logWords = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/;

function isFull(error: Error): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code === 'ERR_SQLITE_ERROR') return (Number(errcode) & 0xff) === SQLITE_FULL;
  return fullCodes.has(String(code)) || logWords.test(error.message);
}

/** The error that reports a full disk: this one, one of its causes, or one of several errors; null if none does. */
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

/** The hint when a disk is full; `place` is a path on that disk. */
export const howToMakeRoom = (place: string): string =>
  `make room on the disk of ${place} (\`df -h\` and \`df -i\` show it), then run the command again`;

/** The explanation for a person; null if the error has another reason. */
export function explainFullDisk(error: unknown): Explanation | null {
  const found = fullDiskBehind(error);
  if (!found) return null;
  const { path, dest } = found as { path?: unknown; dest?: unknown };
  const place = [path, dest].find((each) => typeof each === 'string');
  return {
    what: 'a disk is full',
    why: messageOf(found),
    hint: howToMakeRoom(
      typeof place === 'string' ? place : 'ROUNDSMAN_HOME, of the database and of TMPDIR',
    ),
  };
}
