/** When a bot runs after a change of its schedule, and how often. */
import { BadScheduleError, nextSlot, parseSchedule, slotsBetween } from '../../../schedule/cron.ts';
import type { Values } from '../kinds/kind.ts';

const dayMs = 86_400_000;
const nextRuns = 5;
/** The most runs a day of which the exact number is said. */
const maxRuns = 1_440;

/** A time as the clocks of the zone show it, to the minute. */
const inZone = (at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);

/** `next runs: ...` and `runs a day: 288, and 24 before` */
export function runsInWords(now: Date, before: Values | null, after: Values): string[] {
  if (after.enabled === false) return ['it does not run'];
  const zone = String(after.timezone);
  const slots: Date[] = [];
  try {
    const schedule = parseSchedule(String(after.schedule), zone);
    while (slots.length < nextRuns) slots.push(nextSlot(schedule, slots.at(-1) ?? now));
  } catch (error) {
    // A schedule may have no further slot, and one that was stored by hand may not be readable.
    if (!(error instanceof BadScheduleError)) throw error;
  }
  const each = slots.map((slot) => inZone(slot, zone));
  const a = runsADay(now, after);
  const b = before === null || before.enabled === false ? '0' : runsADay(now, before);
  return [
    `next runs (${zone}): ${each.join(', ') || 'none'}`,
    `runs in the next 24 hours: ${a}${before === null ? '' : `, and ${b} before the change`}`,
  ];
}

function runsADay(now: Date, { schedule, timezone }: Values): string {
  try {
    const parsed = parseSchedule(String(schedule), String(timezone));
    return String(slotsBetween(parsed, now, new Date(+now + dayMs), maxRuns).length);
  } catch (error) {
    if (!(error instanceof BadScheduleError)) throw error;
    return 'none: the schedule could not be read';
  }
}
