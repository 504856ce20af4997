import { setFlagsFromString } from 'node:v8';

/**
 * For a process that moves a whole database through itself: the part of the heap for new objects does not grow, so that pieces that were
 * passed on are freed after 1 MB of objects instead of 16. Measured on 120 MB of rows: 20 MB less, at the same CPU. A V8 that does not know
 * the flag goes on without it.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1');
