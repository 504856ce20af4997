import pg from 'pg';
import { meaningOf, type BatchFault } from '../database/faults/sql-states.ts';

/** What the error of a batch means for another try. */
export function faultOf(error: unknown): BatchFault {
  // A defect of Roundsman, or a value that cannot be written, fails the same way the next time.
  if (error instanceof TypeError || error instanceof RangeError) return 'refused';
  // Every other error that does not come from the server comes from the socket.
  if (!(error instanceof pg.DatabaseError)) return 'disconnected';
  return meaningOf(error)?.batch ?? 'refused';
}

/**
 * How many times in a row an item is flushed again after each kind of fault. After `disconnected` the pauses add up to eleven
 * seconds, more than two lengths of a lease; after the others they are below a second.
 */
export const maxTries = { contended: 10, waited: 5, disconnected: 15, refused: 0 };

/**
 * The pause before the next try: transactions that collided must not collide again at once, and a server that restarts
 * needs a moment.
 */
export const pauseMs = (fault: BatchFault, tries: number): number =>
  fault === 'disconnected' ? Math.min(1_000, 20 * 2 ** tries) : Math.random() * 10 * tries;
