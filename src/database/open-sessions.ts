/** This process's sessions by server: what one of them learns of the server holds for the others, too. */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type pg from 'pg';
import { meaningOf } from './faults/sql-states.ts';

/** What pg keeps in its clients and its types do not tell. */
export interface Inside {
  connection: EventEmitter & { stream: Socket };
  readyForQuery: boolean;
  _sentQueryQueue?: unknown[];
  /** a pool gives up a client that was used as often as it may be */
  _poolUseCount?: number;
}

interface Open {
  client: Inside;
  heardAt: number;
  /** as the server said last: idle, in a transaction, in a failed one */
  status: 'I' | 'T' | 'E';
  /** a caller has it, and not the pool */
  isLent: boolean;
  /** the server cannot do its work */
  isWrong: boolean;
}

/** One network, and one server, loses them together. */
const openTo = new Map<string, Set<Open>>();

/** By server: when it has said something to any of them, by performance.now(). */
const heardFrom = new Map<string, number>();

export const serverOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);

/** When the server behind the address was heard by this process, by performance.now(); 0 if never. */
export const lastHeardFrom = (url: string): number => heardFrom.get(serverOf(url)) ?? 0;

const streamOf = ({ client }: Open) => client.connection.stream;

const isIdle = ({ readyForQuery, _sentQueryQueue: sent }: Inside) => readyForQuery && !sent?.length;

/** One that is lent, idle and outside of a transaction for so long is held to listen, and would never come back. */
const listeningMs = 1_000;

const wrongServer = () => new Error('this server takes no writes now; another connection is made');

/** It is not used again: ended now where it does nothing, else when it has done what it is at. */
function discard(open: Open): void {
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
 * Remembers a new session, and ends it
 * - when a statement gets no answer for as long as its socket's timeout says, and with it the others to the same
 *   server that have not been heard of since, so that no caller has to find out again. A network that lost the
 *   server without a word would otherwise keep the statement, and whoever waits for it, for ever. pg's own
 *   query_timeout leaves the connection in the pool, behind the answer that never comes;
 * - when the server says that it takes no writes, and with it all others to the same server: after a switchover the
 *   old primary may stay up, and the same name leads to another server by now. `refusesWrites`: the session itself
 *   was told to, so that its refusals say nothing of the server.
 */
export function keepWatch(client: Inside, server: string, refusesWrites: boolean): void {
  const { stream } = client.connection;
  const open: Open = {
    client,
    heardAt: performance.now(),
    status: 'I',
    isLent: true,
    isWrong: false,
  };
  sessions.set(client, open);
  const together = openTo.get(server) ?? new Set();
  openTo.set(server, together.add(open));
  const hear = () => {
    open.heardAt = performance.now();
    heardFrom.set(server, open.heardAt);
  };
  hear();
  stream.on('data', hear);
  stream.on('close', () => {
    together.delete(open);
    if (together.size === 0) openTo.delete(server);
  });
  stream.on('timeout', () => {
    if (!isIdle(client)) giveUpSilent(open, together);
  });
  let refused = false;
  client.connection.on('errorMessage', (error: unknown) => {
    if (!refusesWrites && meaningOf(error)?.isWrongServer) refused = true;
  });
  // The caller has its error before the session ends.
  client.connection.on('readyForQuery', ({ status }: { status: Open['status'] }) => {
    open.status = status;
    if (refused) for (const each of together) discard(each);
    else if (open.isWrong) discard(open);
    refused = false;
  });
}

function giveUpSilent(silent: Open, together: Set<Open>): void {
  const silentMs = streamOf(silent).timeout ?? 0;
  const error = new Error(`PostgreSQL has not answered for ${silentMs / 1000} s`);
  const since = performance.now() - silentMs;
  // Not those at work that may be silent for as long as they like.
  const suspect = [...together].filter(
    (each) => each.heardAt <= since && (isIdle(each.client) || streamOf(each).timeout),
  );
  for (const each of suspect) streamOf(each).destroy(error);
  streamOf(silent).destroy(error);
}

const sessions = new WeakMap<object, Open>();

/** So that what a caller is in the middle of is not cut off. */
export function watchLending(pool: pg.Pool): void {
  const lent = (client: object, isLent: boolean) => {
    const open = sessions.get(client);
    if (open) open.isLent = isLent;
  };
  pool.on('acquire', (client) => lent(client, true));
  pool.on('release', (_error, client) => lent(client, false));
}
