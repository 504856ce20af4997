import { createHash } from 'node:crypto';

/**
 * True in one of four cases, by a hash of what the case is: whoever asks again gets the same answer, and
 * nobody has to remember it. `about` has to change from case to case.
 */
export const oneInFour = (why: 'explore' | 'hold out', ...about: (string | number)[]): boolean =>
  createHash('sha256')
    .update(JSON.stringify([why, ...about]))
    .digest()[0]! < 64;
