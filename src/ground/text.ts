/**
 * Text from outside (logs, bots' findings, other people's names) may be hostile, where it is stored and where it is
 * shown.
 */
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
 * Controls (the start of every escape sequence, \r, \b, BEL), formats (zero-width and bidi marks that reorder what
 * stands beside them, soft hyphens, tags), characters that are not drawn (fillers, variation selectors), separators of
 * lines and paragraphs; and characters that are drawn blank but are not spaces (in Braille, music and hieroglyphs).
 */
const unsafe =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}\u{13441}\u{13442}]/v;

/**
 * An emoji may be held together by what is unsafe elsewhere: a joiner, a selector, the tags of a flag. There it hides
 * nothing. More parts than people put together would be one character without an end.
 */
const emoji =
  /\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]?(?:\u200D\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]?){1,6}|\p{RGI_Emoji}/v;
const unsafeOrEmoji = new RegExp(`(${emoji.source})|${unsafe.source}`, 'gv');

/** Most text: nothing in it has to be looked at. */
const plain = /^[\x20-\x7E]*$/;

/** More than this many marks on one character would cover the lines above and below. */
const stacked = /(\p{M}{4})\p{M}+/gu;

/** One line that a terminal shows as it is: nothing in it moves the cursor, colours, reorders or hides text. */
export const printable = (text: string): string =>
  plain.test(text)
    ? text
    : text
        .toWellFormed()
        .replaceAll(/[\r\n\t]+/g, ' ')
        .replaceAll(unsafeOrEmoji, (_, whole?: string) => whole ?? '\uFFFD')
        .replaceAll(stacked, '$1');

/** `1 finding`, `3 findings` */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Each with its length in milliseconds, and how many of it make the next one. */
const units = [
  ['second', 1_000, 60],
  ['minute', 60_000, 60],
  ['hour', 3_600_000, 24],
  ['day', 86_400_000, Infinity],
] as const;

/**
 * How far apart two moments are, to the nearest whole number of a unit: the first one that stays below the next. So 119.7
 * minutes are 2 hours, and 59.6 seconds 1 minute.
 */
export function nearestUnit(ms: number): { count: number; unit: (typeof units)[number][0] } {
  const countOf = (length: number) => Math.round(Math.abs(ms) / length);
  const [unit, length] = units.find(([, length, next]) => countOf(length) < next)!;
  return { count: countOf(length), unit };
}

/** `12s`, `5m`, `3h`, `2d`: how far apart two moments are, to the nearest whole number of its unit. */
export function span(ms: number): string {
  const { count, unit } = nearestUnit(ms);
  return `${count}${unit[0]}`;
}

/** `1h 38m`, `2d 5h`, `12m`: the same in two units from an hour on, where one would say 2h for 1 hour 38. */
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

/** `850 ms`, `1.2 s`; `-` for null. */
export const duration = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '-' : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;

/** A share as statisticians write it: .764, 1.000 */
export const share = (value: number, digits = 3): string => value.toFixed(digits).replace(/^0/, '');

/** A difference of shares: +.301, -.050 */
export const signed = (value: number): string =>
  `${value < 0 ? '-' : '+'}${share(Math.abs(value))}`;

/** `2026-11-28 19:20:00` in UTC; `-` for null, `9999 or later` for a time beside the bounds ({@link boundInWords}). */
export function time(at: Date | string | null | undefined): string {
  if (!at) return '-';
  const date = new Date(at);
  return boundInWords(date) ?? date.toISOString().slice(0, 19).replace('T', ' ');
}

/** The first characters of an id, which are enough to name its row. */
export const shortId = (id: string): string => id.slice(0, 8);

/** A name as it has to be written in a statement that a person types. */
export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
