/**
 * Times as the person who reads them wants them: in the zone of this process (TZ, else the system's), which is named with
 * them. Times in JSON stay ISO 8601 in UTC.
 */
import { clockOffset, readOwnZone } from '../../ground/own-zone.ts';
import { boundInWords, withinBounds } from '../../ground/time-bounds.ts';
import { span } from '../../ground/text.ts';

/** `--time`: ISO 8601 with the offset of the zone, or how far from now. Without it a table shows what reads best there. */
export const timeStyles = ['iso', 'relative'] as const;
export type TimeStyle = (typeof timeStyles)[number];

let style: TimeStyle | undefined;

/** Sets how all times are shown from now on: what `--time` says. */
export function showTimesAs(wanted: TimeStyle | undefined): void {
  style = wanted;
}

/** The operator's zone, as IANA calls it; an offset where TZ is one. */
export const ownZone = (): string => readOwnZone().name;

/** What the clocks of this zone show at that time, as if they showed UTC. */
const onClocks = (at: Date): Date =>
  withinBounds(at.getTime() - Math.round(at.getTimezoneOffset() * 60_000));

const formats = new Map<string, Intl.DateTimeFormat>();

function shortName(locale: string, at: Date): string {
  const key = `${locale} ${process.env.TZ ?? ''}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, { timeZoneName: 'short' });
  formats.set(key, format);
  return format.formatToParts(at).find(({ type }) => type === 'timeZoneName')!.value;
}

/** The short name of this zone at that time: `UTC`, `CET`, `EST`; `GMT+9` where no letters are in use. */
export function zoneInWords(at: Date): string {
  // Each locale knows the letters of its own part of the world.
  const american = shortName('en-US', at);
  return american.startsWith('GMT') ? shortName('en-GB', at) : american;
}

/** `+01:00`; `Z` for UTC */
function offset(at: Date): string {
  const minutes = -Math.round(at.getTimezoneOffset());
  return minutes === 0 ? 'Z' : clockOffset(minutes);
}

/** `2026-11-22T10:05:00+01:00` */
const iso = (at: Date): string => `${onClocks(at).toISOString().slice(0, 19)}${offset(at)}`;

/** `2026-11-22 10:05:00` */
const onWall = (at: Date): string => onClocks(at).toISOString().slice(0, 19).replace('T', ' ');

const distanceInWords = (at: Date, now: Date): string => {
  const ms = at.getTime() - now.getTime();
  return ms > 0 ? `in ${span(ms)}` : `${span(ms)} ago`;
};

type Shown = Date | string | null | undefined;

/** The time, or null where there is none; and what is said of a time at a bound, of which no more is known. */
function known(at: Shown): { at: Date; bound: string | null } | null {
  if (!at) return null;
  const date = new Date(at);
  return { at: date, bound: boundInWords(date) };
}

/** `2026-11-22 10:05:00 CET`; `-` for null. `now` is the database's time, for `--time relative`. */
export function time(given: Shown, now?: Date): string {
  const found = known(given);
  if (!found) return '-';
  const { at, bound } = found;
  if (bound) return bound;
  if (style === 'iso') return iso(at);
  return style === 'relative' && now
    ? distanceInWords(at, now)
    : `${onWall(at)} ${zoneInWords(at)}`;
}

/** The time without its zone, for a column whose head names the zone with {@link inOwnZone}. */
export function clock(given: Shown, now: Date): string {
  const found = known(given);
  if (!found || found.bound || style) return time(given, now);
  const { at } = found;
  // Clocks may be changed between then and now.
  return zoneInWords(at) === zoneInWords(now) ? onWall(at) : `${onWall(at)} ${zoneInWords(at)}`;
}

/** `Next (CET)`, for what {@link clock} and {@link upcoming} print below it. */
export const inOwnZone = (head: string, now: Date): string => `${head} (${zoneInWords(now)})`;

/** `5m ago`, `in 2h`, `-` for null; `now` is the database's time. */
export function relative(given: Shown, now: Date): string {
  const found = known(given);
  if (!found) return '-';
  return found.bound ?? (style === 'iso' ? iso(found.at) : distanceInWords(found.at, now));
}

/** `5m`: how old, or how far away; the time itself with `--time iso`. */
export function age(given: Shown, now: Date): string {
  const found = known(given);
  if (!found) return '-';
  return style === 'iso'
    ? (found.bound ?? iso(found.at))
    : span(now.getTime() - found.at.getTime());
}

/** `2026-11-22 10:05:00 CET (5m ago)`; null for null, which `facts` leaves out. */
export function moment(given: Shown, now: Date): string | null {
  const found = known(given);
  if (!found) return null;
  if (found.bound || style) return time(given, now);
  return `${time(given)} (${relative(given, now)})`;
}

/** `in 2h, 14:00`, with the day where it is another one, and the zone where clocks are changed until then. */
export function upcoming(at: Date, now: Date): string {
  if (boundInWords(at) || style) return relative(at, now);
  const shown = clock(at, now);
  const isToday = onWall(at).slice(0, 10) === onWall(now).slice(0, 10);
  return `${relative(at, now)}, ${isToday ? shown.slice(11, 16) : shown.slice(0, 16)}${shown.slice(19)}`;
}

/** The weekday and the time in a zone: `Mon 2026-11-23 09:00:00`. Without a zone in the operator's. */
export function inZone(at: Date, timeZone: string = ownZone()): string {
  const day = at.toLocaleDateString('en-GB', { timeZone, weekday: 'short' });
  return `${day} ${at.toLocaleString('sv-SE', { timeZone })}`;
}

/** Whether the operator's clocks go by that zone, so that its times need not be shown twice. */
export const isOwnZone = (name: string): boolean => name === ownZone();
