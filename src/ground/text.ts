/**
 * Makes text from outside (logs, bots' findings, other people's names) safe to store and to show, because it may be hostile.
 * Writes numbers, times and spans for people.
 */
import { once } from './once.ts';
import { boundInWords } from './time-bounds.ts';

/** PostgreSQL stores neither NUL nor lone surrogates: both become U+FFFD. */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

/**
 * Text that can be stored, with at most `length` characters as PostgreSQL counts them (code points); a cut is marked.
 */
export function fitting(text: string, length: number): string {
  // A code point is at most two units, so everything after these is cut in any case.
  const clean = storable(text.slice(0, 2 * length + 2));
  if (clean.length <= length) return clean;
  const points = [...clean];
  return points.length <= length ? clean : `${points.slice(0, length - 1).join('')}…`;
}

/**
 * Control characters (the start of every escape sequence, \r, \b, BEL), format characters (zero-width and bidi marks that
 * reorder what stands beside them, soft hyphens, tags), characters that are not drawn (fillers, variation selectors), separators of
 * lines and paragraphs; and characters that are drawn blank but are not spaces (in Braille, music and hieroglyphs).
 */
const unsafe =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}\u{13441}\u{13442}]/v;

/**
 * Matches an emoji (group 1) or an unsafe character. Characters that are unsafe elsewhere (a joiner, a selector, the tags of a
 * flag) hide nothing inside an emoji. An emoji has at most seven parts, because an endless sequence would still be shown as one
 * character. The pattern is compiled at its first use: that takes 2 ms of CPU, and few texts need it.
 */
const unsafeOrEmoji = once(() => {
  const part = String.raw`\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]?`;
  const emoji = String.raw`${part}(?:\u200D${part}){1,6}|\p{RGI_Emoji}`;
  return new RegExp(`(${emoji})|${unsafe.source}`, 'gv');
});

/** Matches most texts: they contain nothing unsafe, and this test is fast. */
const onlyAscii = /^[\x20-\x7E]*$/;

/** A character with more than four combining marks: they would cover the lines above and below. */
const stackedMarks = /(\p{M}{4})\p{M}+/gu;

/** One line that a terminal shows as it is: nothing in it moves the cursor, colours, reorders or hides text. */
export const printable = (text: string): string =>
  onlyAscii.test(text)
    ? text
    : text
        .toWellFormed()
        .replaceAll(/[\r\n\t]+/g, ' ')
        .replaceAll(unsafeOrEmoji(), (_, emoji?: string) => emoji ?? '\uFFFD')
        .replaceAll(stackedMarks, '$1');

/** `1 finding`, `3 findings` */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `3 runs`, `1 finding`; counts of 0 are left out. */
export const countedEach = (
  counts: readonly (readonly [count: number, noun: string])[],
): string[] => counts.filter(([count]) => count > 0).map(([count, noun]) => counted(count, noun));

/** The word that agrees with a count: `is` for 1, `are` for any other. */
export const byNumber = (count: number, one: string, many: string): string =>
  count === 1 ? one : many;

/** `3 active, 1 paused`; counts of 0 are left out. Null if all are 0. */
export const countsInWords = (
  counts: readonly (readonly [count: number, words: string])[],
): string | null =>
  counts
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${count} ${words}`)
    .join(', ') || null;

/** `5,016` */
export const withCommas = (count: number): string => count.toLocaleString('en-US');

/** The units of time, each with its length in milliseconds, and how many of it make the next unit. */
const units = [
  ['second', 1_000, 60],
  ['minute', 60_000, 60],
  ['hour', 3_600_000, 24],
  ['day', 86_400_000, Infinity],
] as const;

/**
 * A span of time, rounded to a whole number of one unit. The unit is the smallest one in which the rounded number stays below
 * the next unit (60 seconds, 60 minutes, 24 hours): 119.7 minutes become 2 hours, and 59.6 seconds 1 minute.
 */
export function nearestUnit(ms: number): { count: number; unit: (typeof units)[number][0] } {
  const countOf = (length: number) => Math.round(Math.abs(ms) / length);
  const [unit, length] = units.find(([, length, next]) => countOf(length) < next)!;
  return { count: countOf(length), unit };
}

/** A span of time as `12s`, `5m`, `3h`, `2d`, rounded to a whole number of its unit; {@link duration} rounds less. */
export function span(ms: number): string {
  const { count, unit } = nearestUnit(ms);
  return `${count}${unit[0]}`;
}

/** A span of time as `12m`, `1h 38m`, `2d 5h`: in two units from an hour on, where {@link span} says 2h for 1 h 38 min. */
export function spanInTwo(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 60) return span(ms);
  const hours = Math.round(Math.abs(ms) / 3_600_000);
  const [big, small, unit] =
    minutes < 24 * 60
      ? [Math.floor(minutes / 60), minutes % 60, 'hm']
      : [Math.floor(hours / 24), hours % 24, 'dh'];
  return `${big}${unit[0]}${small > 0 ? ` ${small}${unit[1]}` : ''}`;
}

/** A span of time to the minute: `1d 23h 30m`, `8m`, and below a minute `12s`. */
export function spanInAll(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 1) return span(ms);
  const counts = [Math.floor(minutes / 1_440), Math.floor(minutes / 60) % 24, minutes % 60];
  return counts.flatMap((count, at) => (count > 0 ? [`${count}${'dhm'[at]}`] : [])).join(' ');
}

/** How long something took: `850 ms`, `1.2 s`, never in minutes; `-` for null. */
export const duration = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '-' : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;

/** A share as statisticians write it: .764, 1.000 */
export const share = (value: number, digits = 3): string => value.toFixed(digits).replace(/^0/, '');

/** A difference of shares: +.301, -.050 */
export const signed = (value: number): string =>
  `${value < 0 ? '-' : '+'}${share(Math.abs(value))}`;

/** `2026-11-28 19:20:00` in UTC; `-` for null; `9999 or later` and `0001 or earlier` at the bounds ({@link boundInWords}). */
export function time(at: Date | string | null | undefined): string {
  if (!at) return '-';
  const date = new Date(at);
  return boundInWords(date) ?? date.toISOString().slice(0, 19).replace('T', ' ');
}

/**
 * `2026-11-28T19:20:00Z`, for a command that a person is to run: it means the same time in every zone, and needs no quotes.
 * Parts of a second are left out.
 */
export const timeForCommand = (at: Date | string): string =>
  `${new Date(at).toISOString().slice(0, 19)}Z`;

/** The first characters of an id, which are enough to name its row. */
export const shortId = (id: string): string => id.slice(0, 8);

/** An identifier of PostgreSQL in double quotes, for an SQL statement that a person is told to type. */
export const quotedIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
