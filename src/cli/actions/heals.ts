import type { HealCounts } from '../../services/actions/list.ts';
import { countsInWords, stateAs } from '../terminal/print.ts';

/** `3 verified, 1 held`: heals by their present outcome; `none` where there are none. */
export const healsInWords = (heals: HealCounts): string =>
  countsInWords(countsByOutcome(heals)) ?? 'none';

const countsByOutcome = (heals: HealCounts): [count: number, words: string][] => [
  [heals.verified, 'verified'],
  [heals.held, 'held'],
  [heals.waiting, `waiting for ${heals.waiting === 1 ? 'its' : 'their'} verdict`],
  [heals.wrong, stateAs('failed', 'failed, relapsed or undone')],
  [heals.unknown, stateAs('unknown', 'of unknown effect')],
  [heals.untold, 'aborted or undecided'],
];
