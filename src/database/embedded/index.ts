/**
 * The embedded PostgreSQL, which Roundsman starts and stops itself, from binaries of an npm package.
 *
 * Commands that run at the same time share one server. Each holds a shared lock on the users file while it uses the
 * server; a process that leaves and finds no other holder stops the server. A process holds the join lock while it joins
 * or leaves, so that no process joins a server that another one is stopping. A killed process loses its share but stops
 * nothing: the next process to join uses the running server, and the last one to leave stops it.
 *
 * All of these processes have to be on one machine, and see each other.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoundsmanError } from '../../ground/errors.ts';
import { ForeignFileError, readOwn, replaceOwn } from '../../ground/files/own-file.ts';
import { hasBinaries, howToInstallBinaries, placeBinaries, refuseChangeable } from './binaries.ts';
import { initialise, newPassword } from './initialise.ts';
import { tryLock, type Lock, type OnWait } from './locks.ts';
import {
  directoryOf,
  embeddedExists,
  holdsData,
  takeJoinLock,
  openLocation,
  sweep,
  type Location,
} from './location.ts';
import { passwordFile } from './open-home.ts';
import { findPostmaster, removeCrashed, stopPostmaster } from './postmaster.ts';
import { findServer, startServer, type Cluster } from './server.ts';

export { embeddedExists } from './location.ts';
export { AlreadyUpError, lockHome } from './lock-home.ts';

export interface EmbeddedDatabase {
  /** The URL with which to connect as the superuser; it contains the password. */
  url: string;
  /** Where data and binaries are. */
  directory: string;
  /** This call started the server. */
  started: boolean;
  /** Gives up this share; the last process that leaves stops the server. Later calls do nothing. */
  leave(): Promise<void>;
}

/** There is no embedded database in this home, or the file with its password is missing. */
export class NoEmbeddedDatabaseError extends RoundsmanError {}

const maxLogBytes = 10 * 1024 * 1024;

const usersFile = (directory: string) => join(directory, 'users.lock');

function readPassword({ home, directory, data }: Location): string {
  try {
    return readOwn(passwordFile(home)).trim();
  } catch (error) {
    if (error instanceof ForeignFileError) throw error;
    throw new NoEmbeddedDatabaseError({
      what: 'The embedded database cannot be opened',
      why: `${passwordFile(home)}, which was created together with the data in ${data}, is missing`,
      hint: `Put it back, or move ${directory} away to start with an empty database.`,
    });
  }
}

/** Returns the cluster at this location, and makes it first if it does not exist. */
async function openCluster(location: Location): Promise<Cluster> {
  const { home, directory, data, account } = location;
  const exists = holdsData(directory);
  const bin = await placeBinaries(directory);
  if (!exists) {
    refuseChangeable(bin);
    const password = newPassword();
    replaceOwn(passwordFile(home), `${password}\n`, 0o600);
    await initialise({ bin, data, account, password, fsync: true });
  }
  const log = join(home, 'postgres.log');
  return { bin, data, log, account, password: readPassword(location) };
}

async function start(cluster: Cluster) {
  refuseChangeable(cluster.bin);
  const size = fs.statSync(cluster.log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxLogBytes) fs.renameSync(cluster.log, `${cluster.log}.1`);
  // The server keeps its port, so that the processes that had joined can connect again.
  const portOfCrashed = removeCrashed(cluster.data);
  const server = await startServer(cluster, portOfCrashed ?? rememberedPort(cluster));
  replaceOwn(portFile(cluster), `${new URL(server.url).port}\n${cluster.data}\n`, 0o600);
  return server;
}

/** The file that remembers the port, because a server that was stopped in order leaves no postmaster.pid. */
const portFile = ({ log }: Cluster) => join(dirname(log), 'postgres.port');

/**
 * The port of the last start; undefined if there was none, or if this is a copy of the home in which that start was.
 */
function rememberedPort(cluster: Cluster): number | undefined {
  try {
    const [port, data] = readOwn(portFile(cluster)).split('\n');
    return data === cluster.data ? Number(port) || undefined : undefined;
  } catch (error) {
    if (error instanceof ForeignFileError) throw error;
    return undefined;
  }
}

/** Whether a server runs in `home` that accepts new sessions, according to its files. */
export function embeddedServes(home: string): boolean {
  const postmaster = findPostmaster(join(directoryOf(fs.realpathSync(home)), 'postgres'));
  return postmaster !== undefined && !postmaster.isStopping;
}

/** Stops the server if no process has a share of it. The caller holds the join lock. */
async function stopUnused({ directory, data }: Location, waitMs = 0): Promise<void> {
  const last = tryLock(usersFile(directory), 'exclusive');
  if (!last) return;
  last.release();
  for (const deadline = Date.now() + waitMs; Date.now() < deadline; await sleep(20))
    if (findPostmaster(data)) break;
  const postmaster = findPostmaster(data);
  if (postmaster) await stopPostmaster(postmaster);
}

/** A process that was ended while it started the server may leave a server that has not written its process id yet. */
const startsWithinMs = 1_000;

/**
 * Stops the server in `home` on behalf of a process that was ended and could not leave it, unless another process
 * uses it. It holds the join lock for 21 s at most: 1 s for a server that has just been started, and 10 s for each of two
 * signals.
 */
export async function stopIfUnused(home: string): Promise<void> {
  if (!embeddedExists(home)) return;
  const location = await openLocation(home);
  const joinLock = await takeJoinLock(location.directory);
  try {
    await stopUnused(location, startsWithinMs);
  } finally {
    joinLock.release();
  }
}

async function leave(location: Location, share: Lock, onWait?: OnWait): Promise<void> {
  try {
    const joinLock = await takeJoinLock(location.directory, onWait);
    try {
      share.release();
      await stopUnused(location);
    } finally {
      joinLock.release();
    }
  } finally {
    share.release();
  }
}

/**
 * Joins the shared server in `home`: starts it where needed and, with `create`, makes it. A process that joined must
 * leave; if it is killed, the only cost is a server that keeps running. When joining or leaving takes long, `onWait`
 * is called with words that say what it waits for.
 */
export async function joinEmbedded(
  home: string,
  { create, onWait }: { create: boolean; onWait?: OnWait },
): Promise<EmbeddedDatabase> {
  if (!create && !embeddedExists(home))
    throw new NoEmbeddedDatabaseError({
      what: 'There is no database to work on',
      why: `DATABASE_URL is not set, and there is no embedded database in ${home}`,
      hint: hasBinaries()
        ? 'run `npx roundsman up` (`npm start`), which makes one, or set DATABASE_URL'
        : `set DATABASE_URL, or ${howToInstallBinaries} and then \`npx roundsman up\`, which makes one`,
    });
  const location = await openLocation(home, onWait);
  const { directory } = location;
  const joinLock = await takeJoinLock(directory, onWait);
  const share = tryLock(usersFile(directory), 'shared');
  try {
    if (!share)
      throw new Error(
        `${usersFile(directory)} is locked by a process that does not hold gate.lock`,
      );
    sweep(directory);
    const cluster = await openCluster(location);
    const running = await findServer(cluster, onWait);
    const { url } = running ?? (await start(cluster));
    let leaving: Promise<void> | undefined;
    return {
      url,
      directory,
      started: !running,
      leave: () => (leaving ??= leave(location, share, onWait)),
    };
  } catch (error) {
    share?.release();
    throw error;
  } finally {
    joinLock.release();
  }
}
