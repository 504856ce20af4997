/**
 * When a maintenance window with a schedule is in force: each slot of its schedule begins an occurrence, which lasts for so
 * many seconds of real time, whatever the clocks of its zone show meanwhile (./cron.ts owns what a clock change means).
 */
import { UsageError } from '../ground/errors.ts';
import { time } from '../ground/text.ts';
import { nextSlot, rememberedSchedule, slotsBetween } from './cron.ts';

/** The columns of a row of `bot_maintenance` that comes again and again. */
export interface Recurring {
  schedule_cron: string;
  timezone: string;
  duration_seconds: number;
}

/** From `starts_at` on, until just before `ends_at`. */
export interface Occurrence {
  starts_at: Date;
  ends_at: Date;
}

const dayMs = 86_400_000;
/** How far ahead occurrences are planned, unless that would be too many; at least the next one is, however far it is. */
export const planned = { aheadDays: 35, most: 2_000 };
/** Slots that came due while no scheduler ran are claimed later: how far back occurrences are known for them, in days. */
export const keptDays = 7;
/** Clocks change twice a year; occurrences that overlap at all do so within this time, or among so many of them. */
const checkedMs = 2 * 366 * dayMs;
const mostChecked = 20_000;

/** The occurrences that begin after `after`, and the time until which none is missing. */
export interface PlannedOccurrences {
  occurrences: Occurrence[];
  until: Date;
}

/**
 * Plans the occurrences that begin after `after`: those that have passed by `now`, of the last {@link keptDays} days, and
 * those to come, the next one at least. Throws BadScheduleError for a row that cannot be read.
 */
export function planOccurrences(window: Recurring, after: Date, now: Date): PlannedOccurrences {
  const schedule = rememberedSchedule(window.schedule_cron, window.timezone);
  const from = new Date(Math.max(after.getTime(), now.getTime() - keptDays * dayMs));
  const past = slotsBetween(schedule, from, now, Number.MAX_SAFE_INTEGER);
  const begun = from > now ? from : now;
  let until = new Date(now.getTime() + planned.aheadDays * dayMs);
  const ahead = slotsBetween(schedule, begun, until, planned.most);
  if (ahead.length === planned.most) until = ahead.at(-1)!;
  if (ahead.length === 0) {
    until = nextSlot(schedule, begun > until ? begun : until);
    ahead.push(until);
  }
  return {
    occurrences: [...past, ...ahead].map((slot) => occurrenceFrom(window, slot)),
    until: until > after ? until : after,
  };
}

const occurrenceFrom = ({ duration_seconds }: Recurring, starts_at: Date): Occurrence => ({
  starts_at,
  ends_at: new Date(starts_at.getTime() + duration_seconds * 1000),
});

/** The occurrence in which a moment lies, also one that is not planned yet; null where it lies in none. */
export function occurrenceAt(window: Recurring, at: Date): Occurrence | null {
  const schedule = rememberedSchedule(window.schedule_cron, window.timezone);
  const before = new Date(at.getTime() - window.duration_seconds * 1000);
  const [begun] = slotsBetween(schedule, before, at, 1);
  return begun ? occurrenceFrom(window, begun) : null;
}

/**
 * Refuses a window of which an occurrence lasts until the next one begins, on any day of the next two years: it would not
 * be clear when it is over. Throws UsageError, and BadScheduleError.
 */
export function refuseOverlaps(window: Recurring, now: Date): void {
  const schedule = rememberedSchedule(window.schedule_cron, window.timezone);
  const slots = slotsBetween(schedule, now, new Date(now.getTime() + checkedMs), mostChecked);
  for (const [index, slot] of slots.entries()) {
    const next = slots[index + 1];
    if (!next || next.getTime() - slot.getTime() > window.duration_seconds * 1000) continue;
    throw new UsageError({
      what: 'no maintenance window was added',
      why: `its occurrences would overlap: one begins at ${time(slot)} UTC and lasts until ${time(occurrenceFrom(window, slot).ends_at)} UTC, and the next one begins at ${time(next)} UTC`,
      hint: 'give a shorter --for, or a --cron that comes less often',
    });
  }
}
