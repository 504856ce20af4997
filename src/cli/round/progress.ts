import { printable } from '../../ground/text.ts';
import type { RoundUnderWay } from '../../services/round/make.ts';
import { progressInWords } from '../runs/progress-in-words.ts';
import { progressOf } from '../terminal/progress.ts';

/** One line of a terminal that says how far the runs of a round are, until it is cleared; nothing elsewhere. */
export function roundProgress() {
  const line = progressOf(null);
  return {
    draw: (waiting: RoundUnderWay): void => line.draw(0, inWords(waiting)),
    clear: (): void => line.clear(),
  };
}

/**
 * `3 of 17 bots are done, ledger is at 40 %: 12,000 of 30,000 users (check balance-chain)`. Of several checks that say how far they
 * are, that of the run which began first is named.
 */
function inWords({ all, open }: RoundUnderWay): string {
  const done = all === 1 ? '' : `${all - open.length} of ${all} bots are done, `;
  const told = open.find(({ progress }) => progress);
  return told
    ? `${done}${printable(told.bot)} is at ${progressInWords(told.progress!)}`
    : `${done}waiting for ${open.map(({ bot }) => printable(bot)).join(', ')}`;
}
