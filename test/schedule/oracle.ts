/**
 * A second opinion on slots that shares nothing with src/schedule: it asks Intl for the wall time of
 * every single minute and applies the clock-change rule to that list to the letter, with a field
 * matcher of its own. Slow (about 1 us a minute), and wrong for offsets that are no whole minutes.
 */

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** Read before and after a window, so that an overlap or a gap at its edge is seen whole. */
const leadMs = 26 * hourMs;

/** Real time in [start, start + walls.length minutes) and the wall time of each of its minutes. */
export interface Tape {
  /** UTC ms, a whole minute. */
  start: number;
  /** Minutes since 1970-01-01 00:00 on the local clock. */
  walls: number[];
}

function wallReader(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  // '2026-03-08 03:00'
  return (instant) => Date.parse(`${format.format(instant).replace(' ', 'T')}Z`) / minuteMs;
}

/** The instants (UTC ms) from `from` up to `until` at which the zone's offset changes. */
export function clockChanges(zone: string, from: number, until: number): number[] {
  const wallOf = wallReader(zone);
  const changes: number[] = [];
  let last = wallOf(from);
  for (let hour = from + hourMs; hour <= until; hour += hourMs) {
    const wall = wallOf(hour);
    if (wall !== last + 60) {
      let minute = hour - hourMs;
      while (wallOf(minute + minuteMs) === wallOf(minute) + 1) minute += minuteMs;
      changes.push(minute + minuteMs);
    }
    last = wall;
  }
  return changes;
}

/** What the clocks show from `from` to `until`, and a lead on both sides. */
export function tapeOf(zone: string, from: number, until: number): Tape {
  const wallOf = wallReader(zone);
  const walls: number[] = [];
  for (let at = from - leadMs; at <= until + leadMs; at += minuteMs) walls.push(wallOf(at));
  return { start: from - leadMs, walls };
}

const names: Record<string, number> = {};
for (const [index, name] of 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ').entries())
  names[name] = index + 1;
for (const [index, name] of 'sun mon tue wed thu fri sat'.split(' ').entries()) names[name] = index;

function valuesOf(field: string, low: number, high: number): Set<number> {
  const values = new Set<number>();
  for (const part of field.toLowerCase().split(',')) {
    const [range = '', step] = part.split('/');
    const [first = '', second] = range.split('-');
    const from = range === '*' ? low : (names[first] ?? Number(first));
    let to = from;
    if (range === '*' || (second === undefined && step !== undefined)) to = high;
    else if (second !== undefined) to = names[second] ?? Number(second);
    for (let value = from; value <= to; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

/** Whether a day (ms, in UTC digits) is one of the schedule's; L, nL and n#k only stand alone. */
function dayTest(dayField: string, monthField: string, weekdayField: string) {
  const months = valuesOf(monthField, 1, 12);
  const monthDay = (date: Date): boolean => {
    const tomorrow = new Date(date.getTime() + 24 * hourMs);
    if (dayField === 'L') return tomorrow.getUTCDate() === 1;
    return valuesOf(dayField, 1, 31).has(date.getUTCDate());
  };
  const weekday = (date: Date): boolean => {
    const [, nth, rank] = /^(\d)(?:L|#(\d))$/.exec(weekdayField) ?? [];
    if (nth !== undefined) {
      if (date.getUTCDay() !== Number(nth) % 7) return false;
      if (rank !== undefined) return Math.floor((date.getUTCDate() - 1) / 7) + 1 === Number(rank);
      return new Date(date.getTime() + 7 * 24 * hourMs).getUTCDate() <= 7;
    }
    const values = valuesOf(weekdayField, 0, 7);
    return values.has(date.getUTCDay()) || (date.getUTCDay() === 0 && values.has(7));
  };
  return (day: number): boolean => {
    const date = new Date(day);
    if (!months.has(date.getUTCMonth() + 1)) return false;
    if (dayField === '*') return weekday(date);
    if (weekdayField === '*') return monthDay(date);
    return monthDay(date) || weekday(date);
  };
}

/** The slots (UTC ms) in (from, until] of five plain fields; the tape has to cover that window. */
export function expectedSlots(fields: string, tape: Tape, from: number, until: number): number[] {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields.split(' ');
  const minutes = valuesOf(minute, 0, 59);
  const hours = valuesOf(hour, 0, 23);
  const isDay = dayTest(day, month, weekday);
  const knownDays = new Map<number, boolean>();
  const matches = (wall: number): boolean => {
    if (!minutes.has(wall % 60) || !hours.has(Math.floor(wall / 60) % 24)) return false;
    const date = Math.floor(wall / 1440);
    let known = knownDays.get(date);
    if (known === undefined) knownDays.set(date, (known = isDay(date * 24 * hourMs)));
    return known;
  };

  const instantAt = (index: number) => tape.start + index * minuteMs;
  const slots = new Set<number>();
  if (minute.includes('*') || hour.includes('*')) {
    // elapsed time: every real minute whose wall time matches
    for (const [index, wall] of tape.walls.entries())
      if (matches(wall)) slots.add(instantAt(index));
  } else {
    // wall times: each once, when first shown, or else when the gap that holds it has ended
    const firstShown = new Map<number, number>();
    let lastWall = -Infinity;
    for (const [index, wall] of tape.walls.entries()) {
      if (!firstShown.has(wall)) firstShown.set(wall, instantAt(index));
      lastWall = Math.max(lastWall, wall);
    }
    for (let wall = tape.walls[0]!; wall <= lastWall; wall++) {
      if (!matches(wall)) continue;
      let shown = wall;
      while (!firstShown.has(shown)) shown++;
      slots.add(firstShown.get(shown)!);
    }
  }
  return [...slots].filter((slot) => slot > from && slot <= until).toSorted((a, b) => a - b);
}

export interface Disagreement {
  fields: string;
  zone: string;
  around: string;
  expected: string[];
  found: string[];
}

/**
 * Compares `slotsOf` with the brute force for every expression, in a window of `hours` around every
 * clock change of every zone in its years (both included).
 */
export function disagreements(
  expressions: readonly string[],
  zones: readonly { zone: string; years: readonly [from: number, to: number] }[],
  slotsOf: (fields: string, zone: string, from: Date, until: Date) => Date[],
  hours = 36,
): { windows: number; slots: number; found: Disagreement[] } {
  const found: Disagreement[] = [];
  let windows = 0;
  let slots = 0;
  const iso = (instants: number[]) => instants.map((instant) => new Date(instant).toISOString());
  for (const { zone, years } of zones) {
    for (const change of clockChanges(
      zone,
      Date.UTC(years[0], 0, 1),
      Date.UTC(years[1] + 1, 0, 1),
    )) {
      const from = change - (hours * hourMs) / 2;
      const until = change + (hours * hourMs) / 2;
      const tape = tapeOf(zone, from, until);
      windows += 1;
      for (const fields of expressions) {
        const expected = expectedSlots(fields, tape, from, until);
        const actual = slotsOf(fields, zone, new Date(from), new Date(until)).map(Number);
        slots += expected.length;
        if (expected.join() !== actual.join()) {
          const around = new Date(change).toISOString();
          found.push({ fields, zone, around, expected: iso(expected), found: iso(actual) });
        }
      }
    }
  }
  return { windows, slots, found };
}
