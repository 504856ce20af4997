/** Turns times as logs write them into ms since 1970. */
import type { Reading } from './log-format.ts';
import { Years } from './years.ts';
import { utc, zoneOf, type Zone } from './zone.ts';

const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** 1 for `Jan` to 12 for `Dec`; 0, which is in no year, for any other word. */
export const monthOf = (word: string): number => {
  const index = word.length === 3 ? months.indexOf(word) : -1;
  return index % 3 === 0 ? index / 3 + 1 : 0;
};

/** The source of a pattern for the name of a month. */
export const monthPattern = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';

/** The whole ms of the digits after the decimal point, such as `123456`. */
const fraction = (digits: string | undefined): number =>
  digits ? Number(digits.slice(0, 3).padEnd(3, '0')) : 0;

let lastDay = -1;
let lastMidnight = 0;

/**
 * The midnight with which a day begins, in UTC; NaN for a day that does not exist. The last day is remembered, because most
 * lines are of the same day as the line before.
 */
function midnight(year: number, month: number, day: number): number {
  const key = (year * 16 + month) * 64 + day;
  if (key === lastDay) return lastMidnight;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return NaN;
  lastDay = key;
  return (lastMidnight = date.getTime());
}

/** A part of a time, as a line has it. */
export type Part = string | number | undefined;

/**
 * The instant of a wall time in a zone, in ms since 1970; null when there is no such time, as on 31 February. The second
 * 60 is a leap second, and counts as the next second. Years end at 2199, so that no shift leaves PostgreSQL's calendar.
 * `digits` are the digits after the decimal point of the seconds.
 */
export function instant(
  zone: Zone,
  yearPart: Part,
  monthPart: Part,
  dayPart: Part,
  hourPart: Part,
  minutePart: Part,
  secondPart: Part = 0,
  digits?: string,
): number | null {
  const [year, month, day] = [Number(yearPart), Number(monthPart), Number(dayPart)];
  if (!(year >= 1970 && year <= 2199 && month >= 1 && month <= 12 && day >= 1 && day <= 31))
    return null;
  const [hour, minute, second] = [Number(hourPart), Number(minutePart), Number(secondPart)];
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return null;
  const start = midnight(year, month, day);
  if (Number.isNaN(start)) return null;
  return zone(start + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction(digits));
}

/** The same for a date without a year: {@link Years} finds its year. Null when the date exists in no year. */
export function instantWithoutYear(
  { now, years = new Years(now) }: Pick<Reading, 'now' | 'years'>,
  zone: Zone,
  ...rest: [month: Part, day: Part, hour: Part, minute: Part, second?: Part, digits?: string]
): number | null {
  // A zone that remembers must get only the result, and not the times in years that are only tried.
  const alone = zone.memory?.alone ?? zone;
  const at = years.place((year) => instant(alone, year, ...rest));
  return at === null || !zone.memory ? at : zone.memory.follow(at);
}

/**
 * The zone that a line names, else the zone of the log; null for an abbreviation with several meanings, unless a person
 * has given the zone of the log.
 */
export function zoneIn(text: string | undefined, { zone, isZoneGiven }: Reading): Zone | null {
  if (text === undefined || text === '') return zone;
  if (text === 'Z') return utc;
  return zoneOf(text) ?? (isZoneGiven ? zone : null);
}

export const noSuchTime = (text: string) => ({ why: `there is no such time as ${text}` });

export const noSuchZone = (text: string) => ({
  why: `the zone ${text} has several meanings; --time-zone says which one`,
});

/** Numbers that would be earlier or later than this are not times of a log. */
const [minTime, maxTime] = [Date.UTC(1990, 0, 1), Date.UTC(2199, 11, 31)];

/**
 * The whole ms of a number of seconds, ms, us or ns since 1970: the size of the number says which unit it has. Null for any
 * other number.
 */
export function epoch(value: number): number | null {
  for (const factor of [1000, 1, 1e-3, 1e-6]) {
    const ms = Math.floor(value * factor);
    if (ms >= minTime && ms <= maxTime) return ms;
  }
  return null;
}
