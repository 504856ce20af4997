/** Which failures of a connection pass by themselves. */
import { meaningOf } from './sql-states.ts';

/** The network's, from node:net and node:dns: a name that is not known yet is one of a server that starts. */
const network = new Set([
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
 * Of a `connect` only, for files have them too: the socket of a server on this host is not there yet, or is full; and
 * of a network no address, or no port, is free.
 */
const ofConnect = new Set(['ENOENT', 'EAGAIN', 'EADDRNOTAVAIL']);

/** pg's own words, and ours, for a connection that did not come about or was lost, which have no code. */
const words = new RegExp(
  [
    'Connection terminated',
    'Client has encountered a connection error',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'PostgreSQL has not answered',
  ].join('|'),
);

/** Whether the server is away and the same call may succeed later; false for a server that said no. */
export const isOutage = (error: unknown): boolean => isOutageBehind(error, new Set());

function isOutageBehind(error: unknown, seen: Set<unknown>): boolean {
  // Errors may be each other's cause.
  if (!(error instanceof Error) || seen.has(error)) return false;
  seen.add(error);
  if (error instanceof AggregateError)
    return error.errors.some((each) => isOutageBehind(each, seen));
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && network.has(code)) return true;
  if (syscall === 'connect' && ofConnect.has(String(code))) return true;
  if (meaningOf(error)?.isAway) return true;
  return words.test(error.message) || isOutageBehind(error.cause, seen);
}
