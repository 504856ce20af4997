/** Starts PostgreSQL on a data directory, or finds the server that already runs there. */
import * as fs from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoundsmanError } from '../../ground/errors.ts';
import { openOwn } from '../../ground/files/own-file.ts';
import { meaningOf, stateOf } from '../faults/sql-states.ts';
import { spawnOptions, type Account } from './account.ts';
import { spawnApart } from './spawn-apart.ts';
import { reportAfterMs, type OnWait } from './locks.ts';
import { isAlive } from '../../ground/processes.ts';
import { findPostmaster, stopPostmaster } from './postmaster.ts';

export interface Cluster {
  bin: string;
  data: string;
  /**
   * Receives the server's standard error. This process opens the file, so the server's account needs no access to it.
   */
  log: string;
  account: Account | undefined;
  password: string;
  /** In addition to `baseSettings`. */
  settings?: Record<string, string>;
}

export interface Server {
  url: string;
  pid: number;
}

/** The embedded PostgreSQL did not start; `why` holds the last lines of its log. */
export class StartError extends RoundsmanError {}

/** The password file does not belong to the data of the embedded PostgreSQL. */
export class WrongPasswordError extends RoundsmanError {}

/** The longest wait for a server to accept logins: crash recovery may have to read a long write-ahead log first. */
const startTimeoutMs = 120_000;

const baseSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  // Without it a backend goes on working for a client that has gone.
  client_connection_check_interval: '500ms',
  log_destination: 'stderr',
  logging_collector: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** The address of the superuser; contains the password. */
export const urlAt = (password: string, port: number): string =>
  `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;

const urlOf = ({ password }: Cluster, port: number) => urlAt(password, port);

/**
 * Whether the server accepts this login. With SCRAM the server also proves that it knows the password. Throws
 * {@link WrongPasswordError}.
 */
async function acceptsLogin(url: string): Promise<boolean> {
  const { Client } = (await import('pg')).default;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (cause) {
    if (meaningOf(cause)?.fault === 'resources') return true; // Too many connections: alive, and busy.
    if (stateOf(cause) !== '28P01') return false;
    throw new WrongPasswordError(
      {
        what: 'The embedded database refuses its own password',
        why: 'postgres.password does not belong to this data directory',
        hint: 'Put the right file back, or move the directory away to start with an empty database.',
      },
      { cause },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * The running server of this data directory, once it answers; undefined when none runs. The caller holds the join lock.
 */
export async function findServer(cluster: Cluster, onWait?: OnWait): Promise<Server | undefined> {
  let reportTimer: NodeJS.Timeout | undefined;
  try {
    for (const deadline = Date.now() + startTimeoutMs; ; await sleep(50)) {
      const postmaster = findPostmaster(cluster.data);
      if (!postmaster) return undefined;
      reportTimer ??= setTimeout(
        () =>
          onWait?.(
            `waiting for the embedded PostgreSQL (process ${postmaster.pid}) to answer or to end`,
          ),
        reportAfterMs,
      );
      if (postmaster.isStopping) {
        // Roundsman stops servers only while it holds the join lock, so another program asked this one to stop. The server
        // waits for its sessions to end, and the processes of these sessions wait for the server.
        await stopPostmaster(postmaster);
        continue;
      }
      const url = urlOf(cluster, postmaster.port);
      // The server may not answer at once: a killed process may have started it just now, or it is shutting down.
      if (await acceptsLogin(url)) return { url, pid: postmaster.pid };
      if (Date.now() > deadline)
        throw startError(cluster, `process ${postmaster.pid} does not answer`);
    }
  } finally {
    clearTimeout(reportTimer);
  }
}

/** Returns `preferred` if that port is free now, else (or for 0) any free port: PostgreSQL cannot choose one itself. */
export function freePort(preferred: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', (error) => {
      if (preferred) resolve(freePort(0));
      else reject(error);
    });
    probe.listen(preferred, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function startError({ log }: Cluster, why: string): StartError {
  return new StartError({
    what: 'The embedded database could not be started',
    why,
    hint: `Its log is ${log}. Remove the cause and try again, or set DATABASE_URL.`,
  });
}

/**
 * Starts the server on this port. If the server ends, resolves with the text that it wrote to its log; if it accepts no
 * login in time, stops it and rejects with {@link StartError}.
 */
async function launch(cluster: Cluster, port: number): Promise<Server | string> {
  const { O_RDWR, O_APPEND, O_CREAT } = fs.constants;
  const log = openOwn(cluster.log, O_RDWR | O_APPEND | O_CREAT);
  const { size } = fs.fstatSync(log);
  const settings = { ...baseSettings, ...cluster.settings, port: String(port) };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const pid = await spawnApart(join(cluster.bin, 'postgres'), ['-D', cluster.data, ...args], {
    ...spawnOptions(cluster.account),
    log,
  });
  try {
    for (const deadline = Date.now() + startTimeoutMs; isAlive(pid); await sleep(10)) {
      // Another process may have taken the port meanwhile; its server must not be mistaken for the one started here.
      if (findPostmaster(cluster.data)?.pid === pid) {
        const url = urlOf(cluster, port);
        if (await acceptsLogin(url)) return { url, pid };
      }
      if (Date.now() > deadline) throw startError(cluster, 'it accepts no login');
    }
    const written = Buffer.alloc(fs.fstatSync(log).size - size);
    fs.readSync(log, written, 0, written.length, size);
    return written.toString().trim() || 'Postgres ended and wrote nothing to its log';
  } catch (error) {
    if (isAlive(pid)) await stopPostmaster({ pid, data: cluster.data, port });
    throw error;
  } finally {
    fs.closeSync(log);
  }
}

/** Starts the server. The caller holds the join lock and has seen that none is running. */
export async function startServer(cluster: Cluster, lastPort = 0): Promise<Server> {
  // After a crash the server keeps its port, so that the processes that had joined can connect again.
  let preferredPort = lastPort;
  for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
    const outcome = await launch(cluster, await freePort(preferredPort));
    preferredPort = 0;
    if (typeof outcome !== 'string') return outcome;
    // Causes that end by themselves: another process took the port; or backends of a killed server still run, until
    // their query ends.
    const temporaryCause =
      /could not bind|Address already in use|shared memory block .* still in use/;
    if (!temporaryCause.test(outcome) || Date.now() > deadline) throw startError(cluster, outcome);
  }
}
