import { LostRunError } from '../../data/bots/fence.ts';
import { meaningOf, stateOf } from '../../database/faults/sql-states.ts';

/** A lock, a statement that took too long, or a row to which another one began to refer meanwhile. */
export const isPassing = (error: unknown): boolean =>
  ['conflict', 'timeout'].includes(String(meaningOf(error)?.fault)) ||
  ['23001', '23503'].includes(stateOf(error));

/** Whether the table is to blame, so that the others can be worked on all the same. */
export const isOfTable = (error: unknown): boolean =>
  !(error instanceof LostRunError) &&
  // Codes of other lengths are those of a connection.
  stateOf(error).length === 5 &&
  (meaningOf(error) === null || isPassing(error));
