/** What PostgreSQL's error codes (SQLSTATE) mean for those who meet them: the only table of them. */

/**
 * connection: it did not come about, or was ended.
 * conflict: another transaction won; the same again may succeed.
 * timeout: a statement, a lock or a transaction took longer than the limit.
 * resources: the server has no connection, memory or disk space left.
 * read-only: the server takes no writes: after a failover, or while its disk is full.
 * server: an internal error of PostgreSQL, or damaged data.
 */
export type ServerFault =
  | 'connection'
  | 'conflict'
  | 'timeout'
  | 'resources'
  | 'read-only'
  | 'server';

/**
 * What kept a transaction from being committed, by what helps.
 * contended: another transaction won; the same again may succeed at once.
 * disconnected: the server or the way to it is gone, or is another one. The transaction may have been committed or not.
 * waited: another transaction held a row for too long.
 * refused: the server does not take it, however often it is asked.
 */
export type BatchFault = 'contended' | 'disconnected' | 'waited' | 'refused';

export interface Meaning {
  /** whose doing it is */
  fault: ServerFault;
  /** The server cannot serve this process now; later, or another one under the same name, may: an outage. */
  isAway: boolean;
  /** The session is at a server that cannot do the work: it and those beside it are not used again. */
  isWrongServer: boolean;
  /** what a batch of runs does about it */
  batch: BatchFault;
}

/**
 * Not among them, because the statement itself is to blame: 08P01, a protocol error of the client (PgBouncer's use
 * of it is known by its words); 40002, a constraint; 58P01 to 58P03, a file that the statement names. Of a timeout,
 * and of a limit on memory or temporary files (53200, 53400), the statement may be to blame as well; but on a busy
 * server a good one meets it too, and these two cannot be told apart.
 */
interface Row {
  code: RegExp;
  means: Meaning;
  /** where the code alone says too little */
  words?: RegExp;
}

/** `wrong`: both away and the wrong server. */
const row = (
  code: RegExp,
  fault: ServerFault,
  batch: BatchFault,
  server: 'here' | 'away' | 'wrong' = 'here',
  words?: RegExp,
): Row => ({
  code,
  means: { fault, batch, isAway: server !== 'here', isWrongServer: server === 'wrong' },
  ...(words && { words }),
});

/**
 * PgBouncer has one code for all that it says itself, 08P01, and ends the session with it. What it says of a wrong
 * name, user or parameter is not among these: waiting does not help there.
 */
const pgBouncer = {
  full: /no more connections allowed|client connections exceeded|(no|out of) memory|resources exhaustion|too many servers/,
  slow: /query[ _]timeout|transaction[ _]timeout|cancel_wait_timeout/,
  away: /server conn crashed|server connection closed|shut ?(down|ting down)|connect (failed|timeout)|cannot connect|server login has been failing|DNS lookup failed|(client_login|client_idle|query_wait|suspend|server idle)_?\s?timeout|lifetime over|forced disconnect|database removed|(configuration|connect string) changed|is disabled|does not allow connections|pause (failed|mode)|obsolete connection|evicted|(reset query|test query|var change) failed|unexpected eof/,
};

/** Supabase's pooler and pgcat have one code each, too. */
const supavisor = {
  full: /max client(s| connections) reached|EMAX\w+|unable to check out process|ECHECKOUTTIMEOUT/i,
  away: /DbHandler exited|EDBHANDLEREXITED/i,
};
const pgcat = /could not get connection from the pool|AllServersDown/;

/** The first row that fits counts. */
const states: Row[] = [
  row(/^08P01$/, 'resources', 'disconnected', 'away', pgBouncer.full),
  row(/^08P01$/, 'timeout', 'disconnected', 'here', pgBouncer.slow),
  row(/^08P01$/, 'connection', 'disconnected', 'away', pgBouncer.away),
  row(/^XX000$/, 'resources', 'disconnected', 'away', supavisor.full),
  row(/^XX000$/, 'connection', 'disconnected', 'away', supavisor.away),
  row(/^58000$/, 'connection', 'disconnected', 'away', pgcat),
  // Connection exceptions; shut down, crashed, starting up or not open to queries, idle for too long.
  row(/^(08(?!P01)|57P0[1235])/, 'connection', 'disconnected', 'away'),
  // The database was dropped.
  row(/^57P04$/, 'connection', 'disconnected'),
  // Read-only: a standby, an old primary after a switchover, a provider's answer to a full disk; and what a standby
  // says where the statement itself would write nothing.
  row(/^25006$/, 'read-only', 'disconnected', 'wrong'),
  row(/^55000$/, 'read-only', 'disconnected', 'wrong', /recovery is in progress|during recovery/),
  // Serialization failure, deadlock; completion unknown.
  row(/^(40001|40P01)$/, 'conflict', 'contended'),
  row(/^40003$/, 'conflict', 'disconnected'),
  // Lock not available; statement cancelled, by its time limit or an operator.
  row(/^55P03$/, 'timeout', 'waited'),
  row(/^57014$/, 'timeout', 'refused'),
  // Idle for too long in a transaction, transaction timeout: the server ends the session.
  row(/^25P0[34]$/, 'timeout', 'disconnected'),
  // Too many connections; insufficient resources, disk full; out of memory, a configured limit: a smaller batch fits.
  row(/^53300$/, 'resources', 'disconnected', 'away'),
  row(/^53[01]00$/, 'resources', 'disconnected'),
  row(/^53/, 'resources', 'refused'),
  // Operator intervention; system and I/O errors; internal errors, which no statement should be able to cause; damaged
  // data.
  row(/^(57000|58000|58030|XX)/, 'server', 'refused'),
];

/** insufficient_privilege: both a missing grant and a row that a policy does not let in. */
export const denied = '42501';

/** The session refuses to write, or its transaction does. */
export const readOnly = '25006';

/** The transaction may do nothing more, because an earlier statement of it failed. */
export const inFailedTransaction = '25P02';

/** The code of whatever was thrown; '' where it has none. */
export function stateOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

/** What an error of the server means; null where the statement is to blame, or no server has said it. */
export function meaningOf(error: unknown): Meaning | null {
  const code = stateOf(error);
  if (code.length !== 5) return null;
  const { message = '' } = error as { message?: string };
  const found = states.find(
    (state) => state.code.test(code) && (state.words?.test(message) ?? true),
  );
  return found?.means ?? null;
}
