/**
 * A second opinion on slots that shares nothing with src/schedule: fields are read from the definition
 * of cron, every single minute is looked up on a tape of what the clocks showed, and the clock-change
 * rule is applied to that tape to the letter.
 */
import { minuteMs, type Tape } from './clock-changes.ts';

const dayMs = 1440 * minuteMs;

const words: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const names: Record<string, number> = {};
for (const [index, name] of 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ').entries())
  names[name] = index + 1;
for (const [index, name] of 'sun mon tue wed thu fri sat'.split(' ').entries()) names[name] = index;

const numberOf = (text: string): number => names[text] ?? Number(text);

/** The values of `*`, numbers, names, ranges and steps; what it cannot read is no value. */
export function valuesOf(field: string, low: number, high: number): Set<number> {
  const values = new Set<number>();
  for (const part of field.toLowerCase().split(',')) {
    const [range = '', step] = part.split('/');
    const [first = '', last] = range.split('-');
    const from = range === '*' ? low : numberOf(first);
    const open = range === '*' || (last === undefined && step !== undefined);
    const to = open ? high : numberOf(last ?? first);
    for (let value = from; value <= to; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

/** What a text means before any clock comes into it. */
export interface Meaning {
  elapsed: boolean;
  /** Of 1440. */
  isMinute: readonly boolean[];
  /** Whether a day, in days since 1970-01-01 on the local calendar, is one of its days. */
  isDay(day: number): boolean;
}

/** Reads five fields or a word; they are taken to be valid. */
export function meaningOf(text: string): Meaning {
  const fields = (words[text.toLowerCase()] ?? text).trim().toLowerCase().split(/\s+/);
  const [minute = '', hour = '', monthDay = '', month = '', weekday = ''] = fields;
  const minutes = valuesOf(minute, 0, 59);
  const hours = valuesOf(hour, 0, 23);
  return {
    elapsed: `${minute}${hour}`.includes('*'),
    isMinute: Array.from(
      { length: 1440 },
      (_, at) => hours.has(Math.floor(at / 60)) && minutes.has(at % 60),
    ),
    isDay: dayTest(monthDay, month, weekday),
  };
}

function dayTest(dayField: string, monthField: string, weekdayField: string) {
  const months = valuesOf(monthField, 1, 12);
  const monthDays = valuesOf(dayField, 1, 31);
  const weekdays = valuesOf(weekdayField, 0, 7);
  if (weekdays.has(7)) weekdays.add(0);
  const lastDay = dayField.split(',').includes('l');
  const ranked = weekdayField.split(',').flatMap((part) => {
    const [, day, last, rank] = /^(\w+?)(?:(l)|#(\d))$/.exec(part) ?? [];
    return day === undefined ? [] : { day: numberOf(day) % 7, rank: last ?? Number(rank) };
  });
  const isAny = (field: string) => field === '*' || field === '*/1';

  const known = new Map<number, boolean>();
  const test = (day: number): boolean => {
    const date = new Date(day * dayMs);
    if (!months.has(date.getUTCMonth() + 1)) return false;
    const number = date.getUTCDate();
    const length = new Date(
      Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0),
    ).getUTCDate();
    const inMonth = monthDays.has(number) || (lastDay && number === length);
    const inWeek =
      weekdays.has(date.getUTCDay()) ||
      ranked.some(
        (one) =>
          one.day === date.getUTCDay() &&
          (one.rank === 'l' ? number + 7 > length : Math.ceil(number / 7) === one.rank),
      );
    // either day field is enough when both say something
    if (isAny(dayField)) return inWeek;
    return isAny(weekdayField) ? inMonth : inMonth || inWeek;
  };
  return (day: number): boolean => {
    let answer = known.get(day);
    if (answer === undefined) known.set(day, (answer = test(day)));
    return answer;
  };
}

/** The slots (UTC ms) in (tape.from, tape.until]. */
export function expectedSlots(meaning: Meaning, tape: Tape): number[] {
  const matches = (wall: number): boolean =>
    meaning.isMinute[wall % 1440]! && meaning.isDay(Math.floor(wall / 1440));
  const slots = new Set<number>();
  const { walls, start } = tape;
  if (meaning.elapsed) {
    // elapsed time: every real minute whose wall time matches
    for (let index = 0; index < walls.length; index++)
      if (matches(walls[index]!)) slots.add(start + index * minuteMs);
  } else {
    // wall times: each once, when first shown, or else when the gap that holds it has ended
    for (const [index, instant] of tape.firstShown.entries())
      if (matches(tape.lowest + index)) slots.add(instant);
  }
  return [...slots]
    .filter((slot) => slot > tape.from && slot <= tape.until)
    .toSorted((a, b) => a - b);
}
