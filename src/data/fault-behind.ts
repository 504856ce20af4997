/** Which errors are the doing of the database, of a connection or of a process, and not of the code that met them. */
import pg from 'pg';
import { isOutage } from './outage.ts';
import { stageOf } from './own-errors.ts';

/**
 * connection: it did not come about, or was ended.
 * conflict: another transaction won; the same again may succeed.
 * timeout: a statement, a lock or a transaction took longer than the limit.
 * resources: the server has no connection, memory or disk space left.
 * read-only: the server takes no writes: after a failover, or while its disk is full.
 * server: an internal error of PostgreSQL, or damaged data.
 * process: the process in which the code ran was ended from outside.
 * secret: one that the task names is not stored, or cannot be opened where it is needed.
 */
export type Fault =
  | 'connection'
  | 'conflict'
  | 'timeout'
  | 'resources'
  | 'read-only'
  | 'server'
  | 'process'
  | 'secret';

/** A fault whose own error stayed in another process. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
  readonly fault: Fault;

  constructor(fault: Fault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/**
 * By SQLSTATE. Not among them, because the statement itself is to blame: 08P01, a protocol error of the client
 * (PgBouncer's use of it is known by its words); 40002, a constraint; 58P01 to 58P03, a file that the statement
 * names. Of a timeout, and of a limit on memory or temporary files (53200, 53400), the statement may be to blame as
 * well; but on a busy server a good one meets it too, and these two cannot be told apart.
 */
const states: [RegExp, Fault][] = [
  // Connection exceptions; shut down, crashed, starting up, database dropped, idle for too long.
  [/^(08(?!P01)|57P0[1-5])/, 'connection'],
  // Serialization failure, completion unknown, deadlock.
  [/^(40001|40003|40P01)$/, 'conflict'],
  // Lock not available; statement cancelled, by its time limit or an operator; idle for too long in a transaction;
  // transaction timeout.
  [/^(55P03|57014|25P03|25P04)$/, 'timeout'],
  // Insufficient resources: disk full, out of memory, too many connections, a configured limit.
  [/^53/, 'resources'],
  [/^25006$/, 'read-only'],
  // Operator intervention; system and I/O errors; internal errors, which no statement should be able to cause, and
  // with which Supabase's pooler says that it has no connection left; damaged data.
  [/^(57000|58000|58030|XX)/, 'server'],
];

/** System errors of a socket, and Node's own of TLS and streams. */
const socket = /^(E[A-Z0-9]+|ERR_(SSL|TLS|STREAM|SOCKET)_\w+)$/;

/** pg's and Kysely's, of a connection that ended before it was asked, or that did not speak PostgreSQL. */
const words =
  /Client was closed and is not queryable|connection has been discarded|Received unexpected \w+ message|received invalid response/;

/** Any error may have a code of five characters; PostgreSQL's say how severe they are. */
const isOfServer = (error: Error): boolean =>
  error instanceof pg.DatabaseError || 'severity' in error;

function faultOf(error: Error): Fault | null {
  if (error instanceof FaultError) return error.fault;
  const stage = stageOf(error);
  if (stage === 'connecting') return 'connection';
  const { code } = error as { code?: unknown };
  const state =
    typeof code === 'string' && code.length === 5 && (stage !== null || isOfServer(error))
      ? states.find(([pattern]) => pattern.test(code))
      : undefined;
  if (state) return state[1];
  if (stage === null || error instanceof TypeError || error instanceof RangeError) return null;
  if (isOutage(error) || words.test(error.message)) return 'connection';
  const ofSocket = !(error instanceof pg.DatabaseError) && socket.test(String(code));
  return ofSocket ? 'connection' : null;
}

/**
 * The fault for which something failed, also when it lies behind other errors as their cause or among several; null
 * when the code that ran is to blame. A network's errors count only where one of our own connections met them.
 */
export function faultBehind(error: unknown): Fault | null {
  const seen = new Set<unknown>();
  const look = (each: unknown): Fault | null => {
    if (!(each instanceof Error) || seen.has(each)) return null;
    seen.add(each);
    const several = each instanceof AggregateError ? each.errors : [];
    return [each.cause, ...several].reduce<Fault | null>(
      (found, next) => found ?? look(next),
      faultOf(each),
    );
  };
  return look(error);
}

export const isFault = (error: unknown): boolean => faultBehind(error) !== null;
