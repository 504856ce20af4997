/**
 * `roundsman/testing`: tests of bots and remedies of one's own, with any test runner. A test opens a scratch database, plants a
 * problem in it, and asks, heals and undoes by the code that runs in a worker's child process.
 */
export { openScratch, type Scratch, type ScratchOptions } from './testing/scratch.ts';
export type { Answer, AskOptions } from './testing/ask.ts';
export type { AppliedStep, Healed, HealOptions } from './testing/heal.ts';
export { assertFindings, type ExpectedFinding } from './testing/expected.ts';
