import pg from 'pg';
import { meaningOf, type BatchFault } from '../database/faults/sql-states.ts';

export function faultOf(error: unknown): BatchFault {
  // A defect of ours, or a value that cannot be written down, is the same the next time.
  if (error instanceof TypeError || error instanceof RangeError) return 'refused';
  // Whatever else does not come from the server comes from its socket.
  if (!(error instanceof pg.DatabaseError)) return 'disconnected';
  return meaningOf(error)?.batch ?? 'refused';
}

/** After the n-th time in a row; together some ten seconds, twice the time that a lease lasts. */
export const patience = { contended: 10, waited: 5, disconnected: 15, refused: 0 };

/** Contenders must not meet again at once; a server that restarts needs a moment. */
export const pauseMs = (fault: BatchFault, tries: number): number =>
  fault === 'disconnected' ? Math.min(1_000, 20 * 2 ** tries) : Math.random() * 10 * tries;
