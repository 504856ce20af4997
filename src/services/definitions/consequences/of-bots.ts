/** When a bot runs after a change of its schedule, and how often. */
import { BadScheduleError, nextSlot, parseSchedule } from '../../../schedule/cron.ts';
import { runsADay } from '../../bots/schedule.ts';
import type { Values } from '../kinds/kind.ts';

const nextRuns = 5;

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
  const runs = ({ schedule, timezone }: Values) =>
    runsADay(String(schedule), String(timezone), now) ?? 'none: the schedule could not be read';
  const a = runs(after);
  const b = before === null || before.enabled === false ? 0 : runs(before);
  return [
    `next runs (${zone}): ${each.join(', ') || 'none'}`,
    `runs in the next 24 hours: ${a}${before === null ? '' : `, and ${b} before the change`}`,
  ];
}
