/** Where an embedded database lies, and whose it is. */
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { messageOf, RoundsmanError } from '../../errors.ts';
import { blockedAt, ownerAccount, serverAccount, type Account } from './account.ts';

export interface Place {
  /** Holds what is the caller's: password, log, and the word of where the rest is. */
  home: string;
  /** Holds locks, binaries and data: home, or below /var/lib when Postgres cannot enter home. */
  directory: string;
  data: string;
  /** Whom Postgres runs as; undefined means as ourselves. */
  account: Account | undefined;
}

/** Another user's, or where we or its Postgres cannot work. */
export class ForeignDatabaseError extends RoundsmanError {}

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

function directoryOf(home: string): string {
  try {
    return fs.readFileSync(placeFile(home), 'utf8').trim();
  } catch {
    return home;
  }
}

/** Is there an initialised database in `home`? Cheap; starts nothing and creates nothing. */
export function embeddedExists(home: string): boolean {
  try {
    fs.statSync(join(directoryOf(home), 'postgres/global/pg_control'));
    return true;
  } catch (error) {
    // There, but not for our eyes: joining it says whose it is.
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
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

const nameOf = (uid: number) => (uid === 0 ? 'root' : `the user with id ${uid}`);

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
        : `it belongs to ${nameOf(owner)}, and this process runs as ${nameOf(us)}`,
    hint:
      owner === us
        ? 'Make the directory writable, or set DATABASE_URL.'
        : `Run this as ${nameOf(owner)}, move ${home} away to begin anew, or set DATABASE_URL.`,
  });
}

/** The home itself, made where it is missing, with links resolved; refuses somebody else's. */
export function openHome(home: string): string {
  try {
    fs.mkdirSync(home, { recursive: true });
  } catch (cause) {
    throw new ForeignDatabaseError(
      {
        what: `The embedded database cannot be made in ${home}`,
        why: messageOf(cause),
        hint: 'Make that place writable, or set DATABASE_URL.',
      },
      { cause },
    );
  }
  const real = fs.realpathSync(home);
  refuseForeign(real);
  return real;
}

/** A directory that every account can enter, and that stays found: its name is in home. */
function placeElsewhere(home: string): string {
  const parent = '/var/lib/roundsman';
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const directory = join(parent, hash);
  fs.mkdirSync(directory, { recursive: true });
  // Whatever the umask says.
  for (const path of [parent, directory]) fs.chmodSync(path, 0o755);
  const fresh = freshName(placeFile(home));
  fs.writeFileSync(fresh, `${directory}\n`);
  fs.renameSync(fresh, placeFile(home));
  return directory;
}

/** Finds the place of an existing database, or settles where a new one will be. */
export function openPlace(home: string): Place {
  const real = openHome(home);
  let directory = directoryOf(real);
  if (!embeddedExists(real)) {
    const account = serverAccount();
    directory = blockedAt(real, account) ? placeElsewhere(real) : real;
    return { home: real, directory, data: join(directory, 'postgres'), account };
  }
  const data = join(directory, 'postgres');
  const account = ownerAccount(data);
  const blocked = blockedAt(directory, account);
  if (!blocked) return { home: real, directory, data, account };
  throw new ForeignDatabaseError({
    what: `The embedded database in ${home} cannot be started`,
    why: `Postgres runs as ${account?.name}, which is not allowed to enter ${blocked}`,
    hint: `Run \`chmod o+x ${blocked}\`, or set DATABASE_URL.`,
  });
}
