/** What happened after what, as bars on one line of time. Pure: the caller prints. */
import { duration } from '../../ground/text.ts';
import { signsOf } from './signs.ts';
import { padded, widthOf } from './width.ts';

/** A part of the whole. `until` is null where its end is not known, `from` where it is not known when it began. */
export interface Phase {
  name: string;
  from: number | null;
  until: number | null;
  /** stands in place of the duration */
  said?: string;
}

/** In less room no bar is drawn, and only words are shown. */
const minBarWidth = 10;

/**
 * A line for each phase: its name, its bar within the whole, how long it took. Times are in ms; the first and the last that
 * are known are the ends of the whole. Each phase that took time has one character at least, and no line is wider than
 * `columns`, as long as names and words leave room for it. A phase of which nothing is known says so and has no bar.
 */
export function timeline(phases: readonly Phase[], columns: number, isUnicode: boolean): string[] {
  const known = phases
    .flatMap(({ from, until }) => [from, until])
    .filter((at): at is number => at !== null);
  if (known.length === 0) return [];
  const [first, last] = [Math.min(...known), Math.max(...known)];
  const words = phases.map((phase) => inWords(phase));
  const names = Math.max(...phases.map(({ name }) => widthOf(name)));
  const said = Math.max(...words.map(widthOf));
  const width = columns - names - said - 4;
  return phases.map((phase, index) => {
    const bar = width < minBarWidth ? [] : [barOf(phase, { first, last, width, isUnicode })];
    return [padded(phase.name, names), ...bar, words[index]!].join('  ').trimEnd();
  });
}

function inWords({ from, until, said }: Phase): string {
  if (said !== undefined) return said;
  if (from === null) return 'unknown';
  if (until === null) return 'end unknown';
  return until === from ? '' : duration(Math.round(Math.abs(until - from)));
}

interface Scale {
  first: number;
  last: number;
  width: number;
  isUnicode: boolean;
}

function barOf({ from, until }: Phase, { first, last, width, isUnicode }: Scale): string {
  const { full: bar, moment, rest } = signsOf(isUnicode);
  const start = from ?? until;
  if (start === null) return ' '.repeat(width);
  const end = until ?? start;
  const span = Math.max(1, last - first);
  const place = (at: number) =>
    Math.min(width - 1, Math.max(0, Math.floor(((at - first) / span) * width)));
  const [left, right] = [place(Math.min(start, end)), place(Math.max(start, end))];
  const full =
    start === end ? moment : bar.repeat(Math.max(1, right - left + (end === last ? 1 : 0)));
  return (rest.repeat(left) + full).padEnd(width, rest);
}
