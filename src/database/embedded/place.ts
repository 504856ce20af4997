/** Where an embedded database lies, and whose it is. */
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { capitalised, messageOf, RoundsmanError } from '../../ground/errors.ts';
import {
  closeHome,
  ForeignFileError,
  makeDirectory,
  makeHome,
  readOwn,
} from '../../ground/files/own-file.ts';
import { distrust, distrustWay, isTrustedUser, type Distrust } from '../../ground/files/trusted.ts';
import { blockedAt, nameOfUser, ownerAccount, serverAccount, type Account } from './account.ts';
import { lock, type OnWait } from './locks.ts';

export interface Place {
  /** Holds what is the caller's: password, log, and the word of where the rest is. */
  home: string;
  /** Holds locks, binaries and data: home, or below /var/lib when Postgres cannot enter home. */
  directory: string;
  data: string;
  /** Whom Postgres runs as; undefined means as ourselves. */
  account: Account | undefined;
}

/** The embedded database belongs to another user, or this process or its PostgreSQL may not work in its directory. */
export class ForeignDatabaseError extends RoundsmanError {}

/** Longer than anybody needs the gate: a start after a crash, or a stop. */
const gatePatience = 180_000;

/** Joining, leaving and settling pass one by one. */
export const openGate = (directory: string, onWait?: OnWait) =>
  lock(join(directory, 'gate.lock'), 'exclusive', gatePatience, () =>
    onWait?.(
      `waiting for another roundsman process, which starts or stops the embedded PostgreSQL (${join(directory, 'gate.lock')})`,
    ),
  );

/** The name of something under construction: what is complete is renamed, the rest swept. */
export const freshName = (final: string) => `${final}.new-${randomBytes(4).toString('hex')}`;

/** Removes what killed processes left half-made. Only for the holder of the gate. */
export function sweep(directory: string): void {
  for (const name of fs.readdirSync(directory)) {
    if (!/^(postgres|binaries-.*)\.new-[0-9a-f]{8}$/.test(name)) continue;
    try {
      fs.rmSync(join(directory, name), { recursive: true, force: true });
    } catch {
      // An orphaned initdb still writes here and fails now; the next sweep gets the rest.
    }
  }
}

export const passwordFile = (home: string) => join(home, 'postgres.password');
const placeFile = (home: string) => join(home, 'postgres.place');

/** Where the home says that locks, binaries and data are. */
export function directoryOf(home: string): string {
  try {
    return readOwn(placeFile(home)).trim();
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
    // There, but not for our eyes: joining it says whose it is.
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** Are there initialised data in this directory, be they ours or not? */
export const holdsData = (directory: string) =>
  isThere(join(directory, 'postgres/global/pg_control'));

/**
 * Is there an initialised database in `home`? Cheap; starts nothing and creates nothing. Data that
 * were put elsewhere belong to no home once the home has lost the password that was made before them.
 */
export function embeddedExists(home: string): boolean {
  const directory = directoryOf(home);
  // In this order: whoever makes a database right now writes the password first.
  return holdsData(directory) && (directory === home || isThere(passwordFile(home)));
}

function ownerOf(path: string): number | undefined {
  try {
    return fs.statSync(path).uid;
  } catch {
    return undefined;
  }
}

function isWritable(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Root and an ordinary user cannot take turns: each leaves files that the other cannot use. */
function refuseForeign(home: string): void {
  const us = process.getuid?.() ?? 0;
  const writable = isWritable(home);
  const owner = ownerOf(passwordFile(home)) ?? (writable ? us : (ownerOf(home) ?? us));
  if (owner === us && writable) return;
  throw new ForeignDatabaseError({
    what: `The embedded database in ${home} cannot be used`,
    why:
      owner === us
        ? 'its directory cannot be written'
        : `it belongs to ${nameOfUser(owner)}, and this process runs as ${nameOfUser(us)}`,
    hint:
      owner === us
        ? 'Make the directory writable, or set ROUNDSMAN_HOME to another one.'
        : `Run this as ${nameOfUser(owner)}, move ${home} away to begin anew, or set ROUNDSMAN_HOME to another place.`,
  });
}

/** What is run and believed in a directory is only ours where no other user can change it. */
export const refuseShared = (directory: string, what: string): void =>
  refuseDistrusted(distrust(directory), what);

export function refuseDistrusted(found: Distrust | null, what: string): void {
  if (found)
    throw new ForeignDatabaseError({
      what,
      why: `${found.why}, who could put programs of their own into it`,
      hint: `${capitalised(found.hint)}, or set ROUNDSMAN_HOME to another place.`,
    });
}

/** The home itself, made where it is missing, with links resolved; refuses another user's. */
export function openHome(home: string): string {
  // Nothing is left behind in a place that is refused.
  if (!fs.existsSync(home))
    refuseDistrusted(distrustWay(home), `The embedded database cannot be made in ${home}`);
  try {
    makeHome(home);
  } catch (cause) {
    throw new ForeignDatabaseError(
      {
        what: `The embedded database cannot be made in ${home}`,
        why: messageOf(cause),
        hint: 'Make that place writable, or set ROUNDSMAN_HOME to another one.',
      },
      { cause },
    );
  }
  const real = fs.realpathSync(home);
  refuseForeign(real);
  // By the way that leads there: another user's link may lead elsewhere the next time.
  refuseShared(home, `The embedded database in ${home} cannot be used`);
  closeHome(real);
  return real;
}

/**
 * A directory that every account can enter, and that stays found: its name is in home. It is a new
 * one each time: what a lost home of the same path has left, or one that was moved away from there
 * still uses, stays as it is. The hash tells a person which path a directory was made for.
 */
function placeElsewhere(home: string): string {
  const parent = '/var/lib/roundsman';
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const chosen = directoryOf(home);
  // Chosen by this home, and not by one that it was copied from, for data that never came to be.
  const own = chosen !== home && basename(chosen).startsWith(hash) && !holdsData(chosen);
  const directory = own ? chosen : join(parent, `${hash}-${randomBytes(4).toString('hex')}`);
  makeDirectory(parent);
  makeDirectory(directory, 0o711);
  refuseShared(directory, `The embedded database of ${home} cannot be made in ${directory}`);
  // From a time when the umask decided.
  for (const [path, mode] of [
    [parent, 0o755],
    [directory, 0o711],
  ] as const)
    fs.chmodSync(path, mode);
  const fresh = freshName(placeFile(home));
  fs.writeFileSync(fresh, `${directory}\n`, { flag: 'wx', mode: 0o644 });
  fs.renameSync(fresh, placeFile(home));
  return directory;
}

/** Data may lie on another disk; but whose the data are says as whom Postgres runs. */
function refuseForeignLink(data: string, home: string): void {
  const stats = fs.lstatSync(data);
  if (!stats.isSymbolicLink() || isTrustedUser(stats.uid)) return;
  throw new ForeignDatabaseError({
    what: `The embedded database in ${home} cannot be used`,
    why: `${data} is a link that belongs to another user (id ${stats.uid})`,
    hint: `Remove that link (rm ${data}).`,
  });
}

/** Settles where a new database will be. Only for the holder of the home's gate. */
function settle(home: string): Place {
  const account = serverAccount();
  let directory = home;
  if (blockedAt(home, account)) directory = placeElsewhere(home);
  else fs.rmSync(placeFile(home), { force: true });
  return { home, directory, data: join(directory, 'postgres'), account };
}

/** Finds the place of an existing database, or settles where a new one will be. */
export async function openPlace(home: string, onWait?: OnWait): Promise<Place> {
  const real = openHome(home);
  if (!embeddedExists(real)) {
    const gate = await openGate(real, onWait);
    try {
      if (!embeddedExists(real)) return settle(real);
    } finally {
      gate.release();
    }
  }
  const directory = directoryOf(real);
  refuseShared(directory, `The embedded database in ${home} cannot be used`);
  closeHome(directory);
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
