/**
 * Most of a start is the compilation of modules, and Node can cache the compiled code. Node runs cached code without
 * checking it, so the cache directory has to belong to the user who runs this process. Node's default lies below the
 * shared temporary directory, where another user can put a file first.
 */
import { existsSync, lstatSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDirectory } from '../ground/files/own-file.ts';
import { untrusted } from '../ground/files/trusted.ts';

/** The root of the checkout or of the package. */
const root = (): string => {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = [join(here, '../..'), join(here, '../../..')].find((each) =>
    existsSync(join(each, 'package.json')),
  );
  return found ?? here;
};

/**
 * Beside the program if that directory belongs to this user, so that both are removed together; else below the user's
 * home.
 */
function cacheDirectory(): string {
  const beside = root();
  if (statSync(beside).uid === process.geteuid!()) return join(beside, '.compiled');
  const { XDG_CACHE_HOME: given } = process.env;
  const caches = given && isAbsolute(given) ? given : join(homedir(), '.cache');
  return join(caches, 'roundsman', 'compiled');
}

const nearestExisting = (path: string): string =>
  existsSync(path) ? path : nearestExisting(dirname(path));

/** Caches nothing if no directory certainly belongs to this user; then each start takes a little longer. */
export function useCompileCache(): void {
  if (!process.geteuid) return;
  try {
    const directory = cacheDirectory();
    if (untrusted(nearestExisting(dirname(directory))) !== null) return;
    makeDirectory(directory, 0o700);
    const { uid, mode } = lstatSync(directory);
    const isOurs = uid === process.geteuid() && (mode & 0o077) === 0;
    if (isOurs && untrusted(directory) === null) enableCompileCache(directory);
  } catch {
    // A read-only disk, or a user without a home: nothing is cached.
  }
}
