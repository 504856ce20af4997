/** What PostgreSQL's error codes (SQLSTATE) mean for the code that meets them. No other file has such a table. */

/**
 * connection: the connection was not made, or was ended. conflict: another transaction won; the same statement may
 * succeed later. timeout: a statement, a lock or a transaction took longer than the limit. resources: the server has no
 * connection, memory or disk space left. read-only: the server takes no writes, after a failover or while its disk is
 * full. server: an internal error of PostgreSQL, or damaged data.
 */
export type ServerFault =
  | 'connection'
  | 'conflict'
  | 'timeout'
  | 'resources'
  | 'read-only'
  | 'server';

/**
 * Why a transaction was not committed. contended: another transaction won; the same transaction may succeed at once.
 * disconnected: the server cannot be reached, or it is another server now; the transaction may have been committed or
 * not. waited: another transaction locked a row for too long. refused: the server will never accept it.
 */
export type BatchFault = 'contended' | 'disconnected' | 'waited' | 'refused';

export interface Meaning {
  /** which part is to blame */
  fault: ServerFault;
  /**
   * An outage: the server cannot serve this process now. It, or another server under the same name, may do so later.
   */
  isAway: boolean;
  /**
   * The server of this session cannot do the work: this session and the others to the same server are not used again.
   */
  isWrongServer: boolean;
  /** how a batch of runs reacts */
  batch: BatchFault;
}

/**
 * Codes that are left out, because the statement itself is to blame: 08P01, a protocol error of the client (PgBouncer
 * uses it too, and is recognised by its message); 40002, a constraint; 58P01 to 58P03, a file that the statement
 * names. For a timeout, or a limit on memory or temporary files (53200, 53400), the statement may be to blame as
 * well. But on a busy server a good statement meets them too, and the two cases cannot be told apart.
 */
interface StateRow {
  code: RegExp;
  means: Meaning;
  /** a part of the message, where the code alone says too little */
  words?: RegExp;
}

/** `away`: the server cannot be used now, but may be later. `wrong`: the same, because it is the wrong server. */
const stateRow = (
  code: RegExp,
  fault: ServerFault,
  batch: BatchFault,
  server: 'here' | 'away' | 'wrong' = 'here',
  words?: RegExp,
): StateRow => ({
  code,
  means: { fault, batch, isAway: server !== 'here', isWrongServer: server === 'wrong' },
  ...(words && { words }),
});

/**
 * PgBouncer sends all its own messages with one code, 08P01, and ends the session. Its messages about a wrong name,
 * user or parameter are left out here: waiting does not help then.
 */
const pgBouncer = {
  full: /no more connections allowed|client connections exceeded|(no|out of) memory|resources exhaustion|too many servers/,
  slow: /query[ _]timeout|transaction[ _]timeout|cancel_wait_timeout/,
  away: /server conn crashed|server connection closed|shut ?(down|ting down)|connect (failed|timeout)|cannot connect|server login has been failing|DNS lookup failed|(client_login|client_idle|query_wait|suspend|server idle)_?\s?timeout|lifetime over|forced disconnect|database removed|(configuration|connect string) changed|is disabled|does not allow connections|pause (failed|mode)|obsolete connection|evicted|(reset query|test query|var change) failed|unexpected eof/,
};

/** Supabase's pooler, too, sends its own messages with one code (XX000), and pgcat with another one (58000). */
const supavisor = {
  full: /max client(s| connections) reached|EMAX\w+|unable to check out process|ECHECKOUTTIMEOUT/i,
  away: /DbHandler exited|EDBHANDLEREXITED/i,
};
const pgcat = /could not get connection from the pool|AllServersDown/;

/** The first row that fits decides. */
const states: StateRow[] = [
  stateRow(/^08P01$/, 'resources', 'disconnected', 'away', pgBouncer.full),
  stateRow(/^08P01$/, 'timeout', 'disconnected', 'here', pgBouncer.slow),
  stateRow(/^08P01$/, 'connection', 'disconnected', 'away', pgBouncer.away),
  stateRow(/^XX000$/, 'resources', 'disconnected', 'away', supavisor.full),
  stateRow(/^XX000$/, 'connection', 'disconnected', 'away', supavisor.away),
  stateRow(/^58000$/, 'connection', 'disconnected', 'away', pgcat),
  // Connection exceptions; shut down, crashed, starting up or not open to queries, idle for too long.
  stateRow(/^(08(?!P01)|57P0[1235])/, 'connection', 'disconnected', 'away'),
  // The database was dropped.
  stateRow(/^57P04$/, 'connection', 'disconnected'),
  // Read-only: a standby, an old primary after a switchover, a provider's answer to a full disk. Also the refusal of
  // a standby when the statement itself would write nothing.
  stateRow(/^25006$/, 'read-only', 'disconnected', 'wrong'),
  stateRow(
    /^55000$/,
    'read-only',
    'disconnected',
    'wrong',
    /recovery is in progress|during recovery/,
  ),
  // Serialization failure, deadlock; completion unknown.
  stateRow(/^(40001|40P01)$/, 'conflict', 'contended'),
  stateRow(/^40003$/, 'conflict', 'disconnected'),
  // Lock not available; statement cancelled, by its time limit or an operator.
  stateRow(/^55P03$/, 'timeout', 'waited'),
  stateRow(/^57014$/, 'timeout', 'refused'),
  // The session was idle in a transaction for too long, or the transaction took too long: the server ends the
  // session.
  stateRow(/^25P0[34]$/, 'timeout', 'disconnected'),
  // Too many connections; insufficient resources, disk full; out of memory or a configured limit, where a smaller
  // batch may fit.
  stateRow(/^53300$/, 'resources', 'disconnected', 'away'),
  stateRow(/^53[01]00$/, 'resources', 'disconnected'),
  stateRow(/^53/, 'resources', 'refused'),
  // Operator intervention; system and I/O errors; internal errors, which no statement should be able to cause; damaged
  // data.
  stateRow(/^(57000|58000|58030|XX)/, 'server', 'refused'),
];

/** insufficient_privilege: both a missing grant and a row that a policy does not let in. */
export const denied = '42501';

/** A statement was cancelled: by its time limit, or by an operator. */
export const cancelled = '57014';

/** lock_not_available: a lock was not to be had in time. */
export const lockNotGranted = '55P03';

/** The disk of the server has no room. */
export const diskFull = '53100';

/** The session, or its transaction, refuses to write. */
export const readOnlyState = '25006';

/** An earlier statement of the transaction failed, so it refuses every other one. */
export const inFailedTransaction = '25P02';

/** The code of a thrown value; '' where it has none. */
export function stateOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

/** What an error of the server means; null where the statement is to blame, or where the error is not a server's. */
export function meaningOf(error: unknown): Meaning | null {
  const code = stateOf(error);
  if (code.length !== 5) return null;
  const { message = '' } = error as { message?: string };
  const found = states.find(
    (state) => state.code.test(code) && (state.words?.test(message) ?? true),
  );
  return found?.means ?? null;
}
