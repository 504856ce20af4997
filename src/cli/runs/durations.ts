/** How long the runs of a list took, as a bar for each bot: for people at a terminal. */
import { printable } from '../../ground/text.ts';
import type { ListedRun } from '../../services/runs/list.ts';
import { runBar, runSigns } from '../terminal/bars.ts';
import { afterwards, duration, paint, put, section } from '../terminal/print.ts';
import { hasUnicode } from '../terminal/signs.ts';
import { columnsOf, cut, padded, widthOf } from '../terminal/width.ts';

/** The most bots that have a bar, and how many runs a bot needs for one. */
const maxBots = 5;
const minRuns = 3;
/** A name of 24 columns, two gaps of 2, and words of 24. */
const columnsBesideBar = 52;

interface Bar {
  name: string;
  bar: string;
  words: string;
}

/** `40 ms to 2.3 s`; `unknown` where no run has a duration. */
function rangeInWords(durations: number[]): string {
  if (durations.length === 0) return 'unknown';
  const [shortest, longest] = [Math.min(...durations), Math.max(...durations)];
  return shortest === longest
    ? duration(shortest)
    : `${duration(shortest)} to ${duration(longest)}`;
}

/**
 * A bar for each bot that has at least {@link minRuns} runs in the list, those with the most runs first. The newest run is at
 * the right end, and only the newest `room` runs are drawn. Slots that were skipped are left out.
 */
export function barsOf(runs: readonly ListedRun[], room: number, isUnicode: boolean): Bar[] {
  const ran = runs.filter(({ status }) => status !== 'skipped');
  return [...Map.groupBy(ran, ({ bots }) => bots.name ?? '-')]
    .filter(([, ofBot]) => ofBot.length >= minRuns)
    .toSorted(([, one], [, other]) => other.length - one.length)
    .slice(0, maxBots)
    .map(([name, ofBot]) => {
      const shown = ofBot.slice(0, Math.max(1, room)).toReversed();
      // Until a run ends, the column holds the duration of its earlier attempts.
      const durations = shown.flatMap((run) =>
        run.completed_at ? (run.execution_time_ms ?? []) : [],
      );
      return {
        name: printable(name),
        bar: runBar(shown, isUnicode),
        words: rangeInWords(durations),
      };
    });
}

/** Prints the bars below the list; nothing where the output is no terminal. */
export function printDurations(runs: readonly ListedRun[]): void {
  if (!process.stdout.isTTY) return;
  const columns = columnsOf(process.stdout);
  const bars = barsOf(runs, columns - columnsBesideBar, hasUnicode());
  if (bars.length === 0) return;
  section('How long they took, the newest at the right');
  const width = (key: keyof Bar, maxWidth: number) =>
    Math.min(maxWidth, Math.max(...bars.map((bar) => widthOf(bar[key]))));
  const [nameWidth, barWidth] = [width('name', 24), width('bar', columns)];
  put(
    bars
      .map((each) => {
        const line = `${padded(cut(each.name, nameWidth), nameWidth)}  ${padded(each.bar, barWidth)}  ${paint('dim', each.words)}`;
        return widthOf(line) > columns ? cut(line, columns) : line;
      })
      .join('\n'),
  );
  if (bars.some((each) => /[a-z>]/.test(each.bar))) afterwards(runSigns);
}
