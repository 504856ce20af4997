/**
 * When a maintenance window with a schedule is in force: each slot of its schedule begins an occurrence, which lasts for
 * `duration_seconds` of real time, whatever the clocks of its zone show meanwhile (./cron.ts says what a clock change means).
 */
import { UsageError } from '../ground/errors.ts';
import { time } from '../ground/text.ts';
import { nextSlot, rememberedSchedule, slotsBetween } from './cron.ts';

/** The columns of a row of `bot_maintenance` that comes again and again. */
export interface RecurringWindow {
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
/** For how many days ahead occurrences are planned, and how many at most; the next one is planned in any case. */
export const horizon = { aheadDays: 35, maxAhead: 2_000 };
/**
 * For how many days past occurrences are kept: a slot that was due while no scheduler ran is claimed later, and may lie in one of
 * them.
 */
export const keptDays = 7;
/** Clocks change twice a year: if any occurrences overlap, two of them do within this time, or among this many occurrences. */
const checkedMs = 2 * 366 * dayMs;
const maxChecked = 20_000;

/** Planned occurrences, and the time until which none is missing. */
export interface PlannedOccurrences {
  occurrences: Occurrence[];
  until: Date;
}

/**
 * Plans the occurrences that begin after `after`: those that have passed by `now`, of the last {@link keptDays} days, and
 * those to come, the next one at least. Throws BadScheduleError for a row that cannot be read.
 */
export function planOccurrences(
  window: RecurringWindow,
  after: Date,
  now: Date,
): PlannedOccurrences {
  const schedule = rememberedSchedule(window.schedule_cron, window.timezone);
  const from = new Date(Math.max(after.getTime(), now.getTime() - keptDays * dayMs));
  const past = slotsBetween(schedule, from, now, Number.MAX_SAFE_INTEGER);
  const begun = from > now ? from : now;
  let until = new Date(now.getTime() + horizon.aheadDays * dayMs);
  const ahead = slotsBetween(schedule, begun, until, horizon.maxAhead);
  if (ahead.length === horizon.maxAhead) until = ahead.at(-1)!;
  if (ahead.length === 0) {
    until = nextSlot(schedule, begun > until ? begun : until);
    ahead.push(until);
  }
  return {
    occurrences: [...past, ...ahead].map((slot) => occurrenceFrom(window, slot)),
    until: until > after ? until : after,
  };
}

const occurrenceFrom = ({ duration_seconds }: RecurringWindow, starts_at: Date): Occurrence => ({
  starts_at,
  ends_at: new Date(starts_at.getTime() + duration_seconds * 1000),
});

/** The occurrence in which a moment lies, also one that is not planned yet; null if it lies in none. */
export function occurrenceAt(window: RecurringWindow, at: Date): Occurrence | null {
  const schedule = rememberedSchedule(window.schedule_cron, window.timezone);
  const before = new Date(at.getTime() - window.duration_seconds * 1000);
  const [begun] = slotsBetween(schedule, before, at, 1);
  return begun ? occurrenceFrom(window, begun) : null;
}

/**
 * Throws UsageError for a window of which, in the next two years, an occurrence lasts until the next one begins: it would not be
 * clear when it is over. Throws BadScheduleError.
 */
export function refuseOverlaps(window: RecurringWindow, now: Date): void {
  const schedule = rememberedSchedule(window.schedule_cron, window.timezone);
  const slots = slotsBetween(schedule, now, new Date(now.getTime() + checkedMs), maxChecked);
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
