import { createHash } from 'node:crypto';

/**
 * True in one of four cases, by a hash of the case. The same case always gives the same answer, so the answer need not
 * be stored. `about` must be different for each case.
 */
export const oneInFour = (why: 'explore' | 'hold out', ...about: (string | number)[]): boolean =>
  createHash('sha256')
    .update(JSON.stringify([why, ...about]))
    .digest()[0]! < 64;
