/** Which failures of a connection end by themselves. */
import { meaningOf } from './sql-states.ts';

/** Codes of the network, from node:net and node:dns. An unknown name counts as well: the server may be starting. */
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * These count for a `connect` only, because errors of files have the same codes: the socket of a server on this host
 * does not exist yet, or its queue is full; or no local address or port is free.
 */
const connectCodes = new Set(['ENOENT', 'EAGAIN', 'EADDRNOTAVAIL']);

/** Messages without a code, of pg and of Roundsman, about a connection that was not made or was lost. */
const connectionMessages = new RegExp(
  [
    'Connection terminated',
    'Client has encountered a connection error',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'PostgreSQL has not answered',
  ].join('|'),
);

/**
 * Whether the server cannot be reached, or takes no sessions now, and the same call may succeed later; false when a server
 * answered with a refusal.
 */
export const isOutage = (error: unknown): boolean => isOutageBehind(error, new Set());

function isOutageBehind(error: unknown, seen: Set<unknown>): boolean {
  // Two errors may be each other's cause, so each error is examined only once.
  if (!(error instanceof Error) || seen.has(error)) return false;
  seen.add(error);
  if (error instanceof AggregateError)
    return error.errors.some((each) => isOutageBehind(each, seen));
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && networkCodes.has(code)) return true;
  if (syscall === 'connect' && connectCodes.has(String(code))) return true;
  if (meaningOf(error)?.isAway) return true;
  return connectionMessages.test(error.message) || isOutageBehind(error.cause, seen);
}
