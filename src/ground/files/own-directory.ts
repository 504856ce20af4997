/** A directory that only this user may enter, for what no other user may read or change. */
import { existsSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from './own-file.ts';
import { untrusted } from './trusted.ts';

const nearestExisting = (path: string): string =>
  existsSync(path) ? path : nearestExisting(dirname(path));

/**
 * Makes the directory if it is missing. False where it is not certain that it belongs to this user alone, or where it cannot
 * be made: another user can change the way to it, has made it, or may enter it. Then nothing may be kept in it.
 */
export function isOwnDirectory(path: string): boolean {
  try {
    if (untrusted(nearestExisting(dirname(path))) !== null) return false;
    makeDirectory(path, 0o700);
    if (!process.geteuid) return true;
    const { uid, mode } = lstatSync(path);
    return uid === process.geteuid() && (mode & 0o077) === 0 && untrusted(path) === null;
  } catch {
    // A read-only disk, or a user without a home.
    return false;
  }
}
