/** Makes a data directory; a half-made one never has the final name. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { RoundsmanError } from '../../ground/errors.ts';
import { giveTo, spawnOptions, type Account } from './account.ts';
import { freshName } from './location.ts';

/** initdb could not create the data of the embedded PostgreSQL. */
export class InitialiseError extends RoundsmanError {}

export const newPassword = () => randomBytes(24).toString('hex');

/**
 * Runs a program in a session of its own, so that Ctrl-C does not reach it: Ctrl-C asks this process to end, and must
 * not look like a failure of the program. If this process ends before the program does, `sweep` in the next process
 * removes the unfinished work.
 */
async function run(command: string, args: string[], account: Account | undefined) {
  const child = spawn(command, args, {
    ...spawnOptions(account),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('exit', resolve);
  });
  const endWithUs = () => child.kill();
  process.once('exit', endWithUs);
  const [, error, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exited,
  ]).finally(() => process.off('exit', endWithUs));
  if (code === 0) return;
  throw new InitialiseError({
    what: 'The embedded database could not be created',
    why: error.trim() || `${command} ended with ${code}`,
    hint: 'Remove the cause (a full disk?) and try again, or set DATABASE_URL.',
  });
}

/** A rename survives a power cut only after its directory has been synced to the disk. */
function syncDirectory(directory: string): void {
  const handle = fs.openSync(directory, 'r');
  fs.fsyncSync(handle);
  fs.closeSync(handle);
}

export interface NewCluster {
  bin: string;
  data: string;
  account: Account | undefined;
  password: string;
  /** False leaves out the syncs that make the new directory survive a power cut. */
  fsync: boolean;
}

/**
 * initdb and PostgreSQL look up the user's name and end if there is none: a container may run under a number without
 * a name.
 */
function refuseNameless(account: Account | undefined): void {
  if (account) return;
  try {
    userInfo();
  } catch {
    const id = process.getuid?.();
    throw new InitialiseError({
      what: 'The embedded database could not be created',
      why: `the user with id ${id} has no entry in /etc/passwd, and PostgreSQL does not start for a user without a name`,
      hint: `Set DATABASE_URL, or add the entry (echo "roundsman:x:${id}:0::/tmp:/bin/sh" >> /etc/passwd, where an image allows it).`,
    });
  }
}

/** Superuser `postgres` with password login only; UTF-8 and PostgreSQL's own collation, the same on every host. */
export async function initialise(cluster: NewCluster): Promise<void> {
  const { bin, data, account, password, fsync } = cluster;
  refuseNameless(account);
  const fresh = freshName(data);
  const secret = join(fresh, 'password');
  fs.mkdirSync(fresh, { mode: 0o700 });
  fs.writeFileSync(secret, `${password}\n`, { mode: 0o600 });
  // The owner of the file is changed before the owner of its directory: an account that owns the directory could
  // replace the file.
  giveTo(account, secret, fresh);
  const args = ['-D', join(fresh, 'data'), '-U', 'postgres', `--pwfile=${secret}`];
  args.push('--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions');
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  if (!fsync) args.push('--no-sync');
  try {
    await run(join(bin, 'initdb'), args, account);
    // The caller has seen that the directory has no control file, so it never was a database. But its files may be a person's, so
    // it is renamed and not deleted.
    if (fs.existsSync(data)) fs.renameSync(data, `${data}.incomplete-${Date.now()}`);
    fs.renameSync(join(fresh, 'data'), data);
    if (fsync) syncDirectory(dirname(data));
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
}
