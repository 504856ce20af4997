import { getCompileCacheDir } from 'node:module';
import { markName } from './processes.ts';

/** Where programs and certificates are found and how time and text are read. */
const wanted = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'NODE_EXTRA_CA_CERTS'];

/** What a child inherits: no settings and no secrets that it does not need. `mark` is its own. */
export function environmentOf(mark: string): NodeJS.ProcessEnv {
  const compiled = getCompileCacheDir();
  return {
    ...Object.fromEntries(
      wanted.flatMap((name) =>
        process.env[name] === undefined ? [] : [[name, process.env[name]]],
      ),
    ),
    [markName]: mark,
    // A start is mostly the compiling of modules; where this process remembers it, its children do.
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
  };
}
