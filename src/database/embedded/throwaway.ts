/** A PostgreSQL for a demo or a test run: it and its data are removed when its owner ends. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { makeHome } from '../../ground/files/own-file.ts';
import { blockedAt, serverAccount } from './account.ts';
import { placeBinaries } from './binaries.ts';
import { startGuard } from './guard.ts';
import { initialise, newPassword } from './initialise.ts';
import { ForeignDatabaseError, refuseShared } from './open-home.ts';
import { startServer } from './server.ts';

export interface ThrowawayServer {
  /** Superuser; contains the password. */
  url: string;
  pid: number;
  /** Stops the server and removes `directory`; the same happens by itself when this process ends. */
  stop(): Promise<void>;
}

export interface ThrowawayOptions {
  /** False trades safety from a crash of the machine for speed. */
  fsync: boolean;
  /** Further settings of Postgres, by name. */
  settings?: Record<string, string>;
}

/** Takes over `directory`, which must be empty or missing: it is removed at the end. */
export async function startThrowaway(
  directory: string,
  { fsync, settings = {} }: ThrowawayOptions,
): Promise<ThrowawayServer> {
  makeHome(directory);
  const real = fs.realpathSync(directory);
  refuseShared(real, 'A throw-away database cannot be started');
  const account = serverAccount();
  // PostgreSQL's account has to pass through this directory, and may change only its own data.
  if (account) fs.chmodSync(real, 0o711);
  const blocked = blockedAt(real, account);
  if (blocked)
    throw new ForeignDatabaseError({
      what: 'A throw-away database cannot be started',
      why: `Postgres runs as ${account?.name}, which is not allowed to enter ${blocked}`,
      hint: 'Set TMPDIR to a place that every user can enter, for example /tmp.',
    });
  const data = join(real, 'postgres');
  const pidFile = join(data, 'postmaster.pid');
  const guard = startGuard({ directory: real, pidFile, mark: data, signal: 'QUIT' });
  try {
    const bin = await placeBinaries(real);
    const password = newPassword();
    await initialise({ bin, data, account, password, fsync });
    const log = join(real, 'postgres.log');
    const allSettings = { ...settings, ...(!fsync && { fsync: 'off' }) };
    const server = await startServer({ bin, data, log, account, password, settings: allSettings });
    return { ...server, stop: () => guard.end() };
  } catch (error) {
    await guard.end();
    throw error;
  }
}
