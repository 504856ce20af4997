/**
 * Small bars of one character each, for people at a terminal: heights, results, outcomes. They need no colour, and no more
 * than ASCII where the terminal shows no more. All functions are pure.
 */
import { signsOf } from './signs.ts';

/** What is not known. */
const unknown = '?';

/** Which of the heights a value has, from 0; the greatest value has the greatest. */
const heightOf = (value: number, greatest: number, heights: number): number =>
  Math.min(heights - 1, Math.max(0, Math.ceil((value / greatest) * heights) - 1));

/**
 * One character for each value: its height beside the greatest one, `·` for 0, `?` for null, which is not known. Values
 * that are negative or not finite count as not known, too.
 */
export function sparkline(values: readonly (number | null)[], isUnicode: boolean): string {
  const { heights, none } = signsOf(isUnicode);
  const known = (value: number | null): value is number =>
    value !== null && Number.isFinite(value) && value >= 0;
  const greatest = Math.max(0, ...values.filter(known));
  return values
    .map((value) => {
      if (!known(value)) return unknown;
      return value === 0 ? none : heights[heightOf(value, greatest, heights.length)]!;
    })
    .join('');
}

/** The signs of {@link yesBar}: for what is not so, and for what is. */
export function yesSigns(isUnicode: boolean): { no: string; yes: string } {
  const { low: no, full: yes } = signsOf(isUnicode);
  return { no, yes };
}

/** One character for each of the values, in their order: whether it is so. */
export function yesBar(values: readonly boolean[], isUnicode: boolean): string {
  const { no, yes } = yesSigns(isUnicode);
  return values.map((isSo) => (isSo ? yes : no)).join('');
}

/** A run as its bar shows it. */
export interface BarRun {
  status: string;
  execution_time_ms: number | null;
}

/** The sign for a run that did not succeed; the others are drawn with a height, for their duration. */
const signOfStatus: Record<string, string> = {
  failed: 'x',
  timeout: 't',
  cancelled: 'c',
  skipped: 's',
  running: '>',
  queued: '>',
};

/** What the letters in a bar of runs mean. */
export const runSigns = 'x failed, t timeout, c cancelled, > on its way';

/** One character for each run, in their order: a letter where it did not succeed, else how long it took. */
export function runBar(runs: readonly BarRun[], isUnicode: boolean): string {
  const heights = sparkline(
    runs.map(({ status, execution_time_ms: ms }) =>
      status === 'success' && ms !== null ? Math.max(1, ms) : null,
    ),
    isUnicode,
  );
  return runs.map(({ status }, index) => signOfStatus[status] ?? heights[index]!).join('');
}

/** One character for each outcome, in their order: `+` held, `-` relapsed, `x` failed, `?` for another one. */
export const outcomeBar = (outcomes: readonly string[]): string =>
  outcomes.map((outcome) => ({ held: '+', relapsed: '-', failed: 'x' })[outcome] ?? '?').join('');
