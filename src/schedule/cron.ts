/**
 * Which instants a schedule means. cron-parser says which days match. This file joins hours and minutes to wall times,
 * and turns these into instants by a rule of its own for clock changes:
 * - a schedule with `*` in minute or hour follows elapsed time: it fires at every real instant whose wall time matches.
 *   Wall times that the clocks skip do not fire; wall times that they repeat fire again.
 * - every other schedule fires once for each wall time: for a time in a gap at the first instant after the gap (together
 *   with other slots of the same gap), for a time in an overlap at its first instant.
 */
import { BadScheduleError, readSchedule, type Schedule } from './cron-text.ts';
import { clockOf, firstShowing } from '../ground/wall-clock.ts';

export { BadScheduleError, cronInWords, type Schedule } from './cron-text.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** The rarest days are 40 years apart: a fifth Monday in February, around 2100, which is not a leap year. */
const horizonMs = 50 * 366 * dayMs;
/**
 * A schedule must fire at least once after this time, which is fixed so that the same text is always accepted or always refused.
 */
const firesAfterMs = Date.UTC(2026, 0, 1);

/**
 * Reads `[CRON_TZ=Area/City ]<five fields or a word>`; the prefix wins over `timezone`. Throws
 * BadScheduleError for what cannot be read or would never fire.
 */
export function parseSchedule(text: string, timezone = 'UTC'): Schedule {
  const schedule = readSchedule(text, timezone);
  // `readSchedule` has refused days that do not exist; wall times that clocks always skip are refused here
  if (schedule.elapsed && slotsAfter(schedule, firesAfterMs).next().done)
    throw neverFiresError(schedule);
  return schedule;
}

function neverFiresError(schedule: Schedule): BadScheduleError {
  const why = `it never fires: the clocks of ${schedule.zone} skip every such time`;
  const hint = 'take an hour without a clock change, or minutes and hours without *';
  return new BadScheduleError('schedule_cron', schedule.text, why, hint);
}

/** The first slot strictly after `after`. */
export function nextSlot(schedule: Schedule, after: Date): Date {
  for (const slot of slotsAfter(schedule, after.getTime())) return new Date(slot);
  throw neverFiresError(schedule);
}

/** All slots in (after, until], the earliest `limit` of them. */
export function slotsBetween(schedule: Schedule, after: Date, until: Date, limit: number): Date[] {
  const slots: Date[] = [];
  if (limit <= 0) return slots;
  for (const slot of slotsAfter(schedule, after.getTime())) {
    if (slot > until.getTime()) break;
    if (slots.push(new Date(slot)) >= limit) break;
  }
  return slots;
}

export interface Missed {
  first: Date | null;
  /** The last slot at or before the end, exact even when the count was capped. */
  last: Date | null;
  /** At most the cap. */
  count: number;
  /** There are more than `count`. */
  capped: boolean;
}

/** The slots in (after, until]: the first, the last, and how many there are, counted up to `cap`. */
export function slotsMissed(schedule: Schedule, after: Date, until: Date, cap = 10_000): Missed {
  const found: Missed = { first: null, last: null, count: 0, capped: false };
  for (const slot of slotsAfter(schedule, after.getTime())) {
    if (slot > until.getTime()) break;
    found.first ??= new Date(slot);
    if (found.count >= cap) return { ...found, last: lastSlot(schedule, until), capped: true };
    found.last = new Date(slot);
    found.count += 1;
  }
  return found;
}

/** The last slot at or before `until`; the caller knows that there is one. Looks back twice as far each time. */
function lastSlot(schedule: Schedule, until: Date): Date {
  for (let back = 10 * minuteMs; ; back *= 2) {
    let last: number | undefined;
    for (const slot of slotsAfter(schedule, until.getTime() - back)) {
      if (slot > until.getTime()) break;
      last = slot;
    }
    if (last !== undefined) return new Date(last);
  }
}

/** Every slot after `after` (UTC ms), strictly increasing; ends when none comes for 50 years. */
function* slotsAfter(schedule: Schedule, after: number): Generator<number, void> {
  const clock = clockOf(schedule.zone);
  let stretch = clock.stretchAt(after);
  let wallTimes = wallTimesAfter(schedule, after + stretch.offset);
  if (!schedule.elapsed) {
    let last = after;
    for (const wall of wallTimes) {
      const instant = firstShowing(clock, wall);
      // false for a wall time that the clocks show a second time, and for all but one of the times in one gap
      if (instant > last) yield (last = instant);
    }
    return;
  }
  let wall = wallTimes.next().value;
  for (let last = after; stretch.start < last + horizonMs;) {
    for (; wall - stretch.offset < stretch.end; wall = wallTimes.next().value)
      yield (last = wall - stretch.offset);
    const { offset } = stretch;
    stretch = clock.stretchAt(stretch.end);
    if (stretch.offset === offset) continue;
    wallTimes = wallTimesAfter(schedule, stretch.start - 1 + stretch.offset);
    wall = wallTimes.next().value;
  }
}

/** All matching wall times after this one, also those that clocks never show. */
function* wallTimesAfter(schedule: Schedule, after: number): Generator<number, never> {
  const { minutesOfDay } = schedule;
  let day = Math.floor(after / dayMs) * dayMs;
  let from = minutesOfDay.findIndex((minute) => day + minute * minuteMs > after);
  if (from < 0 || !isMatchingDay(schedule, day)) {
    day = dayAfter(schedule, day);
    from = 0;
  }
  for (;;) {
    for (let index = from; index < minutesOfDay.length; index++)
      yield day + minutesOfDay[index]! * minuteMs;
    day = dayAfter(schedule, day);
    from = 0;
  }
}

function isMatchingDay(schedule: Schedule, day: number): boolean {
  // `includesDate` wants hour and minute to match too
  return schedule.cron.includesDate(new Date(day + schedule.minutesOfDay[0]! * minuteMs));
}

/**
 * The next matching day. A month that the schedule does not name is skipped as a whole: to find a leap day takes 60 us instead of
 * 800.
 */
function dayAfter(schedule: Schedule, before: number): number {
  const months: readonly number[] = schedule.cron.fields.month.values;
  for (let day = before + dayMs; day < before + horizonMs;) {
    const date = new Date(day);
    if (!months.includes(date.getUTCMonth() + 1))
      day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    else if (isMatchingDay(schedule, day)) return day;
    else day += dayMs;
  }
  throw neverFiresError(schedule);
}

interface Remembered {
  schedule: Schedule;
  /** From `after` to the next slot, both UTC ms. */
  next: Map<number, number>;
}

/** How many schedules are cached; one takes up to 10 kB, most of it cron-parser's. */
const maxSchedules = 4096;
/** How many slots of a schedule are cached: bots with the same schedule are due together, so few slots are asked for often. */
const maxSlots = 64;
const remembered = new Map<string, Remembered>();

function remember<Key, Value>(map: Map<Key, Value>, max: number, key: Key, value: Value): Value {
  // the oldest entry is removed; a Map keeps the order of insertion
  if (map.size >= max) map.delete(map.keys().next().value!);
  map.set(key, value);
  return value;
}

function recall(text: string, timezone: string): Remembered {
  const key = `${timezone}\0${text}`;
  return (
    remembered.get(key) ??
    remember(remembered, maxSchedules, key, {
      schedule: parseSchedule(text, timezone),
      next: new Map(),
    })
  );
}

/** `parseSchedule` with a cache; refusals are not cached. */
export function rememberedSchedule(text: string, timezone: string): Schedule {
  return recall(text, timezone).schedule;
}

/** `nextSlot` with a cache: under 1 us when text, zone and slot were asked for before. */
export function rememberedNextSlot(text: string, timezone: string, after: Date): Date {
  const { schedule, next } = recall(text, timezone);
  const from = after.getTime();
  return new Date(
    next.get(from) ?? remember(next, maxSlots, from, nextSlot(schedule, after).getTime()),
  );
}
