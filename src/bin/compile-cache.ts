/**
 * Has Node cache the compiled code of modules, because compilation is most of a start. Node runs cached code without
 * checking it, so the cache directory has to belong to the user who runs this process. Node's default lies below the
 * shared temporary directory, where another user can put a file first.
 */
import { existsSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isOwnDirectory } from '../ground/files/own-directory.ts';

/** The root of the checkout or of the package. */
const root = (): string => {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = [join(here, '../..'), join(here, '../../..')].find((each) =>
    existsSync(join(each, 'package.json')),
  );
  return found ?? here;
};

/**
 * The directory of the cache: beside the program if that place belongs to this user, so that both are removed together;
 * else below the user's home.
 */
function cacheDirectory(): string {
  const programDirectory = root();
  if (statSync(programDirectory).uid === process.geteuid!())
    return join(programDirectory, '.compiled');
  const { XDG_CACHE_HOME: given } = process.env;
  const caches = given && isAbsolute(given) ? given : join(homedir(), '.cache');
  return join(caches, 'roundsman', 'compiled');
}

/**
 * Switches the cache on, if there is a directory that certainly belongs to this user. Without one, each start takes a
 * little longer.
 */
export function useCompileCache(): void {
  if (!process.geteuid) return;
  try {
    const directory = cacheDirectory();
    if (isOwnDirectory(directory)) enableCompileCache(directory);
  } catch {
    // A user without a home: nothing is cached.
  }
}
