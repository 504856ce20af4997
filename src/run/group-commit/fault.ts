import pg from 'pg';

/**
 * What kept a transaction from being committed, by what helps.
 * contended: somebody else's transaction won; the same again may succeed at once.
 * disconnected: the server or the way to it is gone. The transaction may have been committed or not.
 * waited: a row was held by somebody else for too long.
 * refused: the server does not take it, however often it is asked.
 */
export type Fault = 'contended' | 'disconnected' | 'waited' | 'refused';

// 08: connection; 53300: too many of them; 57P: shut down, crashed, starting up.
const disconnected = /^(08|53300|57P)/;

export function faultOf(error: unknown): Fault {
  // A defect of ours, or a value that cannot be written down, is the same the next time.
  if (error instanceof TypeError || error instanceof RangeError) return 'refused';
  // Whatever else does not come from the server comes from its socket.
  if (!(error instanceof pg.DatabaseError)) return 'disconnected';
  const { code = '' } = error;
  if (code === '40P01' || code === '40001') return 'contended';
  if (code === '55P03') return 'waited';
  return disconnected.test(code) ? 'disconnected' : 'refused';
}

/** After the n-th time in a row; together some ten seconds, twice the time that a lease lasts. */
export const patience = { contended: 10, waited: 5, disconnected: 15, refused: 0 };

/** Contenders must not meet again at once; a server that restarts needs a moment. */
export const pauseMs = (fault: Fault, tries: number): number =>
  fault === 'disconnected' ? Math.min(1_000, 20 * 2 ** tries) : Math.random() * 10 * tries;
