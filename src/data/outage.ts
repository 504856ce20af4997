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
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * pg's own words, and ours, for a connection that did not come about or was lost, which have no code; and
 * PgBouncer's, which has one code for everything.
 */
const words = new RegExp(
  [
    'Connection terminated',
    'Client has encountered a connection error',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'PostgreSQL has not answered',
    'server login has been failing',
    'query_wait_timeout',
    'pgbouncer cannot connect to server',
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
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && network.has(code)) return true;
  if (meaningOf(error)?.isAway) return true;
  return words.test(error.message) || isOutageBehind(error.cause, seen);
}
