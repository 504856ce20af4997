/** Times as logs write them -> ms since 1970. */
import type { Reading } from './log-format.ts';
import { Years } from './years.ts';
import { utc, zoneOf, type Zone } from './zone.ts';

const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** 1 for `Jan` to 12 for `Dec`; 0, which is in no year, for any other word. */
export const monthOf = (word: string): number => {
  const at = word.length === 3 ? months.indexOf(word) : -1;
  return at % 3 === 0 ? at / 3 + 1 : 0;
};

/** Months as a part of other expressions. */
export const monthPattern = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';

/** `123456`, the digits after the decimal point -> whole ms. */
const fraction = (digits: string | undefined): number =>
  digits ? Number(digits.slice(0, 3).padEnd(3, '0')) : 0;

let lastDay = -1;
let lastMidnight = 0;

/** Midnight of a day as if in UTC; NaN for a day that does not exist. Most lines are of the day of the line before. */
function midnight(year: number, month: number, day: number): number {
  const key = (year * 16 + month) * 64 + day;
  if (key === lastDay) return lastMidnight;
  const at = new Date(Date.UTC(year, month - 1, day));
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return NaN;
  lastDay = key;
  return (lastMidnight = at.getTime());
}

/** A part of a time, as a line has it. */
export type Part = string | number | undefined;

/**
 * The moment of a wall time in a zone; null when there is no such moment, as on 31 February. A second 60 is a leap
 * second, and is the next one. Years end at 2199, so that no shift leaves PostgreSQL's calendar. `digits`: those behind
 * the seconds.
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

/** The same for a date without a year: {@link Years} says of which one it is. Null when it exists in none. */
export function instantWithoutYear(
  { now, years = new Years(now) }: Pick<Reading, 'now' | 'years'>,
  zone: Zone,
  ...rest: [month: Part, day: Part, hour: Part, minute: Part, second?: Part, digits?: string]
): number | null {
  // A zone that remembers is asked once, and not about years that are only tried.
  const alone = zone.memory?.alone ?? zone;
  const at = years.place((year) => instant(alone, year, ...rest));
  return at === null || !zone.memory ? at : zone.memory.follow(at);
}

/**
 * The zone that a line names, else the log's; null for an abbreviation with several meanings where the log's owner has
 * not said which zone it is.
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

/** Earlier numbers are no times of a log, and later ones no times of now. */
const [earliest, latest] = [Date.UTC(1990, 0, 1), Date.UTC(2199, 11, 31)];

/** Seconds, ms, us or ns since 1970, told by their size -> whole ms since 1970; null for any other number. */
export function epoch(value: number): number | null {
  for (const factor of [1000, 1, 1e-3, 1e-6]) {
    const ms = Math.floor(value * factor);
    if (ms >= earliest && ms <= latest) return ms;
  }
  return null;
}
