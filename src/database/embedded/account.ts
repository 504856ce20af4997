/**
 * PostgreSQL refuses to run as root: here is which account runs it instead, and which paths that account can reach.
 */
import { lchownSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RoundsmanError } from '../../ground/errors.ts';

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** The process runs as root, PostgreSQL refuses that, and the system has no other account for it. */
export class NoServerAccountError extends RoundsmanError {}

function accounts(): Account[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

/** How a message names a user: by the name in /etc/passwd, or by the id if there is no entry. */
export function nameOfUser(uid: number): string {
  const unnamed = uid === 0 ? 'root' : `the user with id ${uid}`;
  try {
    return accounts().find((one) => one.uid === uid)?.name || unnamed;
  } catch {
    return unnamed;
  }
}

/** The account for a new server; undefined means the account of this process, which is not root. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const known = accounts();
  const account =
    known.find(({ name }) => name === 'postgres') ?? known.find(({ name }) => name === 'nobody');
  if (account && account.uid !== 0) return account;
  throw new NoServerAccountError({
    what: 'The embedded database cannot be started by root',
    why: 'Postgres refuses to run as root, and /etc/passwd names neither postgres nor nobody',
    hint: 'Run roundsman as an ordinary user, or set DATABASE_URL.',
  });
}

/**
 * The account that owns existing data, and goes on running their server: a `postgres` account that a package adds later
 * must not take over data that belongs to the account `nobody`.
 */
export function ownerAccount(data: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = statSync(data);
  return { name: accounts().find((one) => one.uid === uid)?.name ?? `uid ${uid}`, uid, gid };
}

export function giveTo(account: Account | undefined, ...paths: string[]): void {
  if (account) for (const path of paths) lchownSync(path, account.uid, account.gid);
}

/** The directory that the account cannot enter: `path` itself or one above it; undefined if it can enter all. */
export function blockedAt(path: string, account: Account | undefined): string | undefined {
  if (!account) return undefined;
  for (let directory = path; ; directory = dirname(directory)) {
    const { mode, uid, gid } = statSync(directory);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if (!(mode & bit)) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}

/**
 * Options for spawn: the account, a working directory that it can enter, and an environment without our variables.
 * Without an account, the program runs as this process does.
 */
export function spawnOptions(account: Account | undefined) {
  return {
    ...(account && { uid: account.uid, gid: account.gid }),
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  };
}
