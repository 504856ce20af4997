import type { HealCounts } from '../../services/actions/list.ts';
import { stateAs } from '../terminal/print.ts';

/** Counts and their words, such as `3 verified`; zero counts included. */
export const healsInWords = (heals: HealCounts): [count: number, words: string][] => [
  [heals.verified, 'verified'],
  ...notVerified(heals),
];

/** The heals that did not heal, or not yet. */
export const notVerified = (heals: HealCounts): [count: number, words: string][] => [
  [heals.waiting, `waiting for ${heals.waiting === 1 ? 'its' : 'their'} verdict`],
  [heals.wrong, stateAs('failed', 'failed, relapsed or undone')],
  [heals.unknown, stateAs('unknown', 'of unknown effect')],
  [heals.untold, 'aborted or undecided'],
];
