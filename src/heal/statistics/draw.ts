import { createHash } from 'node:crypto';

/**
 * True in one of four cases, by a hash of what the case is: every later question gets the same answer, and
 * it need not be stored. `about` has to change from case to case.
 */
export const oneInFour = (why: 'explore' | 'hold out', ...about: (string | number)[]): boolean =>
  createHash('sha256')
    .update(JSON.stringify([why, ...about]))
    .digest()[0]! < 64;
