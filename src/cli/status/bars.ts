/** How the last runs of each bot ended: a bar for people at a terminal, counts for everything else. */
import { printable } from '../../ground/text.ts';
import type { Status } from '../../services/status/show.ts';
import { botsThatAre } from '../../services/progress/facts.ts';
import { runBar, runSigns } from '../terminal/bars.ts';
import * as print from '../terminal/print.ts';
import { hasUnicode } from '../terminal/signs.ts';
import { table } from '../terminal/table.ts';

type RunsOfBot = Status['lastRuns'][number];

/** How many of a bot's last runs failed: `2 of 20 failed`, or `has not run yet`. */
export const failuresOf = ({ runs }: Pick<RunsOfBot, 'runs'>): string => {
  const ended = runs.filter(({ status }) => status !== 'queued' && status !== 'running');
  const failed = ended.filter(({ status }) => status === 'failed' || status === 'timeout');
  return ended.length === 0 ? 'has not run yet' : `${failed.length} of ${ended.length} failed`;
};

/** The 95th percentile of a bot's durations: `1.2 s`, or `unknown`. */
export const p95Of = ({ p95_ms }: Pick<RunsOfBot, 'p95_ms'>): string =>
  p95_ms === null ? 'unknown' : print.duration(p95_ms);

/** The bar of a bot's last runs, the newest at its right end. */
export const barOf = ({ runs }: Pick<RunsOfBot, 'runs'>): string => runBar(runs, hasUnicode());

/** `4 bots`; `10 of 40 bots` */
const shownBots = (shown: number, all: number): string =>
  shown < all ? `${shown} of ${print.counted(all, 'bot')}` : print.counted(all, 'bot');

export function printBars(status: Status): void {
  const { lastRuns: bots } = status;
  if (bots.length === 0) return;
  const all = ['active', 'paused', 'disabled', 'error'].reduce(
    (sum, word) => sum + botsThatAre(status, word),
    0,
  );
  const isTerminal = process.stdout.isTTY;
  print.section(`Last runs of ${shownBots(bots.length, all)}`);
  table(
    ['Bot', ...(isTerminal ? ['Oldest to newest'] : []), 'Result', 'Took, p95'],
    bots.map((bot) => [
      printable(bot.name),
      ...(isTerminal ? [barOf(bot)] : []),
      failuresOf(bot),
      p95Of(bot),
    ]),
    '',
    ['Result'],
  );
  const hasLetters = bots.some(({ runs }) => runs.some(({ status }) => status !== 'success'));
  if (isTerminal && hasLetters) print.afterwards(`height: how long it took; ${runSigns}`);
}
