/** Which errors are caused by the database, a connection or a process, and not by the code that met them. */
import pg from 'pg';
import { isOutage } from './outage.ts';
import { isForbiddenWrite, stageOf } from './own-errors.ts';
import { meaningOf, type ServerFault } from './sql-states.ts';

/**
 * process: the process in which the code ran was ended from outside. secret: a secret that the task names is not
 * stored, or cannot be opened where it is needed. For the others see sql-states.ts.
 */
export type Fault = ServerFault | 'process' | 'secret';

/** A fault whose original error stayed in another process. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
  readonly fault: Fault;

  constructor(fault: Fault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** System errors of a socket, and Node's own errors of TLS and streams. */
const socketCode = /^(E[A-Z0-9]+|ERR_(SSL|TLS|STREAM|SOCKET)_\w+)$/;

/**
 * Messages of pg and Kysely about a connection that was closed before the statement was sent, or whose other end is not
 * PostgreSQL.
 */
const connectionMessages =
  /Client was closed and is not queryable|connection has been discarded|Received unexpected \w+ message|received invalid response/;

/** Any error may have a code of five characters; PostgreSQL's errors also have a severity. */
export const isOfServer = (error: Error): boolean =>
  error instanceof pg.DatabaseError || 'severity' in error;

function faultOf(error: Error): Fault | null {
  if (error instanceof FaultError) return error.fault;
  if (isForbiddenWrite(error)) return null;
  const stage = stageOf(error);
  const meaning = stage !== null || isOfServer(error) ? meaningOf(error) : null;
  if (meaning) return meaning.fault;
  if (stage === 'connecting') return 'connection';
  const { code } = error as { code?: unknown };
  if (stage === null || error instanceof TypeError || error instanceof RangeError) return null;
  if (isOutage(error) || connectionMessages.test(error.message)) return 'connection';
  const isOfSocket = !(error instanceof pg.DatabaseError) && socketCode.test(String(code));
  return isOfSocket ? 'connection' : null;
}

/**
 * The fault that made something fail, also when it is the cause of another error or one of several; null when the
 * code that ran is to blame. A network error counts only if it came from one of Roundsman's own connections.
 */
export function faultBehind(error: unknown): Fault | null {
  const seen = new Set<unknown>();
  const findFault = (each: unknown): Fault | null => {
    if (!(each instanceof Error) || seen.has(each)) return null;
    seen.add(each);
    const several = each instanceof AggregateError ? each.errors : [];
    return [each.cause, ...several].reduce<Fault | null>(
      (found, next) => found ?? findFault(next),
      faultOf(each),
    );
  };
  return findFault(error);
}

export const isFault = (error: unknown): boolean => faultBehind(error) !== null;
