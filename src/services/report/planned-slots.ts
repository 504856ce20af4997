import type { ReportBot } from '../../data/report/slots.ts';
import { BadScheduleError, rememberedSchedule, slotsBetween } from '../../schedule/cron.ts';
import type { SlotsOf, Interval } from './proof.ts';

/**
 * Finds the slots of bots' schedules. Those within the period are computed once for all bots with the same schedule, others at
 * each call.
 */
export function plannedSlots({ from, to }: Interval): (bot: ReportBot) => SlotsOf {
  const slotsOfSchedule = new Map<string, readonly number[] | null>();
  const slotsOfBot = (bot: ReportBot, after: number, until: number): number[] =>
    slotsBetween(
      rememberedSchedule(bot.schedule_cron, bot.timezone),
      new Date(after),
      new Date(until),
      Number.MAX_SAFE_INTEGER,
    ).map((slot) => slot.getTime());
  const inPeriod = (bot: ReportBot): readonly number[] | null => {
    const key = `${bot.timezone}\0${bot.schedule_cron}`;
    if (!slotsOfSchedule.has(key))
      slotsOfSchedule.set(
        key,
        unlessUnreadable(() => slotsOfBot(bot, from - 1, to - 1)),
      );
    return slotsOfSchedule.get(key)!;
  };
  return (bot) => (after, until) => {
    const all = inPeriod(bot);
    if (all === null) return null;
    if (after < from - 1 || until > to - 1)
      return unlessUnreadable(() => slotsOfBot(bot, after, until));
    return all.slice(indexAfter(all, after), indexAfter(all, until));
  };
}

/** What `read` returns; null if the schedule cannot be read. */
function unlessUnreadable(read: () => number[]): number[] | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadScheduleError) return null;
    throw error;
  }
}

/** The index of the first time after `at` in an ascending list. */
function indexAfter(times: readonly number[], at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
