/**
 * The sessions of this process, by server: what one session learns about the server holds for the others too.
 */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type pg from 'pg';
import type { Server } from '../ground/addresses/database-hosts.ts';
import { meaningOf } from './faults/sql-states.ts';

/** What pg keeps in its clients but does not show in its types. */
export interface PgInternals {
  connection: EventEmitter & { stream: Socket };
  readyForQuery: boolean;
  _sentQueryQueue?: unknown[];
  /** set when the pool will close the client after this use */
  _poolUseCount?: number;
  host: string;
  port: number;
}

interface OpenSession {
  client: PgInternals;
  lastDataAt: number;
  /** the status that the server reported last: idle, in a transaction, in a failed transaction */
  status: 'I' | 'T' | 'E';
  /** whether a caller uses it now */
  isLent: boolean;
  /** its server cannot do this work */
  isWrong: boolean;
}

/** Sessions to one server share its network, and are lost together. */
const openTo = new Map<string, Set<OpenSession>>();

/** By server: the time of the last data from it on any session, by performance.now(). */
const lastDataByServer = new Map<string, number>();

export const serverOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);

/**
 * The time at which this process last received data from the server of this address, by performance.now(); 0 if
 * never.
 */
export const lastDataFrom = (url: string): number => lastDataByServer.get(serverOf(url)) ?? 0;

const streamOf = ({ client }: OpenSession) => client.connection.stream;

const isIdle = ({ readyForQuery, _sentQueryQueue: sent }: PgInternals) =>
  readyForQuery && !sent?.length;

/**
 * A session that a caller keeps idle for this long, outside of a transaction, probably waits for notifications
 * (LISTEN): the caller would never return it to the pool.
 */
const listeningMs = 1_000;

const wrongServer = () =>
  new Error('this server takes no writes now; another connection is opened');

/**
 * Makes sure that the session is not used again: closes it at once if it is idle, else when its current work is done.
 */
function discard(open: OpenSession): void {
  open.isWrong = true;
  open.client._poolUseCount = Infinity;
  if (!isIdle(open.client) || open.status !== 'I') return;
  if (!open.isLent) return void streamOf(open).destroy(wrongServer());
  setTimeout(() => {
    if (open.isLent && isIdle(open.client) && open.status === 'I')
      streamOf(open).destroy(wrongServer());
  }, listeningMs).unref();
}

/**
 * Remembers a new session, and ends it in two cases:
 * - A statement gets no answer within the timeout of its socket. Then the other sessions to the same server that have
 *   received nothing since are ended, too, so that no other caller has to wait as long. Without this, a network that
 *   silently drops the connection would keep the statement and its caller waiting for ever. pg's own query_timeout
 *   leaves the connection in the pool, where later statements wait behind the answer that never comes.
 * - The server says that it takes no writes. Then all other sessions to the same server are ended, too: after a
 *   switchover the old primary may stay up, while the same name already leads to another server. `refusesWrites`: the
 *   session itself was opened to refuse writes, so its refusals say nothing about the server.
 */
export function watchSession(client: PgInternals, server: string, refusesWrites: boolean): void {
  const { stream } = client.connection;
  const open: OpenSession = {
    client,
    lastDataAt: performance.now(),
    status: 'I',
    isLent: true,
    isWrong: false,
  };
  sessions.set(client, open);
  const sameServer = openTo.get(server) ?? new Set();
  openTo.set(server, sameServer.add(open));
  const noteData = () => {
    open.lastDataAt = performance.now();
    lastDataByServer.set(server, open.lastDataAt);
  };
  noteData();
  stream.on('data', noteData);
  stream.on('close', () => {
    sameServer.delete(open);
    if (sameServer.size === 0) openTo.delete(server);
  });
  stream.on('timeout', () => {
    if (!isIdle(client)) closeSilent(open, sameServer);
  });
  let refused = false;
  client.connection.on('errorMessage', (error: unknown) => {
    if (!refusesWrites && meaningOf(error)?.isWrongServer) refused = true;
  });
  // The caller gets its error before the session ends.
  client.connection.on('readyForQuery', ({ status }: { status: OpenSession['status'] }) => {
    open.status = status;
    if (refused) for (const each of sameServer) discard(each);
    else if (open.isWrong) discard(open);
    refused = false;
  });
}

/** Another server of this address is the primary now: sessions to the others are not used again, and those that are idle end at once. */
export function leaveOtherServers(url: string, { host, port }: Server): void {
  for (const open of openTo.get(serverOf(url)) ?? [])
    if (open.client.host !== host || open.client.port !== port) discard(open);
}

/** Closes a session whose server has not answered in time, and the other sessions that this silence concerns. */
function closeSilent(silent: OpenSession, sameServer: Set<OpenSession>): void {
  const silentMs = streamOf(silent).timeout ?? 0;
  const error = new Error(`PostgreSQL has not answered for ${silentMs / 1000} s`);
  const since = performance.now() - silentMs;
  // Busy sessions without a timeout are left alone, because their statements may take any time.
  const suspect = [...sameServer].filter(
    (each) => each.lastDataAt <= since && (isIdle(each.client) || streamOf(each).timeout),
  );
  for (const each of suspect) streamOf(each).destroy(error);
  streamOf(silent).destroy(error);
}

const sessions = new WeakMap<object, OpenSession>();

/** Notes which sessions callers use, so that their work is not cut off. */
export function watchLending(pool: pg.Pool): void {
  const lent = (client: object, isLent: boolean) => {
    const open = sessions.get(client);
    if (open) open.isLent = isLent;
  };
  pool.on('acquire', (client) => lent(client, true));
  pool.on('release', (_error, client) => lent(client, false));
}
