/** Decides and finds where an embedded database lies, and which account it belongs to. */
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import {
  ForeignFileError,
  makeDirectory,
  makeHomePrivate,
  readOwn,
} from '../../ground/files/own-file.ts';
import { isTrustedUser } from '../../ground/files/trusted.ts';
import { blockedAt, ownerAccount, serverAccount, type Account } from './account.ts';
import { lock, type OnWait } from './locks.ts';
import { ForeignDatabaseError, openHome, passwordFile, refuseShared } from './open-home.ts';

/** Where an embedded database lies, and whose it is. */
export interface Location {
  /** Holds the caller's own files: password, log, and the file that says where the rest is. */
  home: string;
  /** Holds locks, binaries and data: home, or below /var/lib when Postgres cannot enter home. */
  directory: string;
  data: string;
  /** The account that PostgreSQL runs as; undefined means our own. */
  account: Account | undefined;
}

/** The longest wait for the join lock. No process holds it longer, not even for a start after a crash, or a stop. */
const joinLockTimeoutMs = 180_000;

/** The lock that a process holds while it joins or leaves, or chooses the location of a database. */
export const takeJoinLock = (directory: string, onWait?: OnWait) =>
  lock(join(directory, 'gate.lock'), 'exclusive', joinLockTimeoutMs, () =>
    onWait?.(
      `waiting for another roundsman process, which starts or stops the embedded PostgreSQL (${join(directory, 'gate.lock')})`,
    ),
  );

/**
 * The name of something that is not complete yet. When it is complete it is renamed to its final name; the sweep
 * removes the others.
 */
export const freshName = (final: string) => `${final}.new-${randomBytes(4).toString('hex')}`;

/** Removes what killed processes left half-made. The caller holds the join lock. */
export function sweep(directory: string): void {
  for (const name of fs.readdirSync(directory)) {
    if (!/^(postgres|binaries-.*)\.new-[0-9a-f]{8}$/.test(name)) continue;
    try {
      fs.rmSync(join(directory, name), { recursive: true, force: true });
    } catch {
      // An orphaned initdb still writes here; its next write fails. The next sweep removes the rest.
    }
  }
}

const locationFile = (home: string) => join(home, 'postgres.place');

/** The directory of locks, binaries and data, as a file in the home names it. */
export function directoryOf(home: string): string {
  try {
    return readOwn(locationFile(home)).trim();
  } catch (error) {
    if (error instanceof ForeignFileError) throw error;
    return home;
  }
}

function isThere(path: string): boolean {
  try {
    fs.statSync(path);
    return true;
  } catch (error) {
    // The file exists, but this process may not read it: joining reports which user it belongs to.
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** Whether this directory holds initialised data, whichever user they belong to. */
export const holdsData = (directory: string) =>
  isThere(join(directory, 'postgres/global/pg_control'));

/**
 * Whether there is an initialised database in `home`. Cheap; starts nothing and creates nothing. Data outside the home
 * do not belong to it when the password file is missing from the home, because that file was created first.
 */
export function embeddedExists(home: string): boolean {
  const directory = directoryOf(home);
  // The data are checked before the password, because a process that creates a database at this moment writes the
  // password first.
  return holdsData(directory) && (directory === home || isThere(passwordFile(home)));
}

/**
 * Makes a directory outside of the home that every account can enter, and returns it. A file in the home names it, so
 * that it is found again. Each call creates a new one: the directory of a deleted home with the same path, or of a moved
 * home that still uses it, stays as it is. The hash in the name tells a person for which path a directory was created.
 */
function locateElsewhere(home: string): string {
  const parent = '/var/lib/roundsman';
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const chosen = directoryOf(home);
  // This home chose the directory (not a home that this one was copied from), and the database in it was never created.
  const isReusable = chosen !== home && basename(chosen).startsWith(hash) && !holdsData(chosen);
  const directory = isReusable ? chosen : join(parent, `${hash}-${randomBytes(4).toString('hex')}`);
  makeDirectory(parent);
  makeDirectory(directory, 0o711);
  refuseShared(directory, `The embedded database of ${home} cannot be made in ${directory}`);
  // The mode of directories that older versions created depends on the umask of that time.
  for (const [path, mode] of [
    [parent, 0o755],
    [directory, 0o711],
  ] as const)
    fs.chmodSync(path, mode);
  const fresh = freshName(locationFile(home));
  fs.writeFileSync(fresh, `${directory}\n`, { flag: 'wx', mode: 0o644 });
  fs.renameSync(fresh, locationFile(home));
  return directory;
}

/**
 * Data may lie on another disk, through a link. But the owner of the data decides which account runs PostgreSQL, so
 * another user's link is refused.
 */
function refuseForeignLink(data: string, home: string): void {
  const stats = fs.lstatSync(data);
  if (!stats.isSymbolicLink() || isTrustedUser(stats.uid)) return;
  throw new ForeignDatabaseError({
    what: `The embedded database in ${home} cannot be used`,
    why: `${data} is a link that belongs to another user (id ${stats.uid})`,
    hint: `Remove that link (rm ${data}).`,
  });
}

/** Decides where a new database will be. The caller holds the home's join lock. */
function chooseLocation(home: string): Location {
  const account = serverAccount();
  let directory = home;
  if (blockedAt(home, account)) directory = locateElsewhere(home);
  else fs.rmSync(locationFile(home), { force: true });
  return { home, directory, data: join(directory, 'postgres'), account };
}

/** Finds the location of an existing database, or decides where a new one will be. */
export async function openLocation(home: string, onWait?: OnWait): Promise<Location> {
  const real = openHome(home);
  if (!embeddedExists(real)) {
    const joinLock = await takeJoinLock(real, onWait);
    try {
      if (!embeddedExists(real)) return chooseLocation(real);
    } finally {
      joinLock.release();
    }
  }
  const directory = directoryOf(real);
  refuseShared(directory, `The embedded database in ${home} cannot be used`);
  makeHomePrivate(directory);
  const data = join(directory, 'postgres');
  refuseForeignLink(data, home);
  const account = ownerAccount(data);
  const blocked = blockedAt(directory, account);
  if (!blocked) return { home: real, directory, data, account };
  throw new ForeignDatabaseError({
    what: `The embedded database in ${home} cannot be started`,
    why: `Postgres runs as ${account?.name}, which is not allowed to enter ${blocked}`,
    hint: `Run \`chmod o+x ${blocked}\`, or set DATABASE_URL.`,
  });
}
