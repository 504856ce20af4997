/** Refuses columns of a bot that are valid one by one and contradict each other. */
import type { BotRow } from '../../data/bots/bots.ts';
import { UsageError } from '../../ground/errors.ts';
import { isSource } from '../../sources/endpoint.ts';
import { BadScheduleError, nextSlot, parseSchedule } from '../../schedule/cron.ts';

type Columns = Pick<BotRow, 'schedule_cron' | 'timezone'> &
  Partial<
    Pick<BotRow, 'jitter_seconds' | 'catch_up' | 'catch_up_limit' | 'api_endpoint' | 'clear'>
  >;

/** How many of the next slots are compared to find the shortest interval; those of an hourly schedule are more than a week. */
const comparedSlots = 200;

/**
 * Throws UsageError if a change contradicts the rest of the definition. That is a jitter longer than half the time between two
 * slots, because a claim would shorten it and not say so; or a catch-up limit with a `catch_up` that uses none. `changed` names the
 * columns of the change: it is allowed to leave an earlier contradiction as it is. The schedule must be readable.
 */
export function refuseContradictions(bot: Columns, changed: readonly string[]): void {
  const { jitter_seconds: jitter = 0, catch_up = 'last', api_endpoint = '', clear = 1 } = bot;
  if (
    isSource(api_endpoint) &&
    clear > 1 &&
    ['clear', 'api_endpoint'].some((column) => changed.includes(column))
  )
    throw new UsageError({
      what: `--clear ${clear} cannot be used for a source`,
      why: 'its sender says only once that an alarm is resolved, so no finding would ever clear',
      hint: 'give --clear 1, or leave it out',
    });
  if (changed.includes('catch_up_limit') && catch_up !== 'all')
    throw new UsageError({
      what: '--catch-up-limit cannot be used',
      why: `it is for --catch-up all, and with \`${catch_up}\` one run at most makes up for what was missed`,
      hint: 'give --catch-up all, or leave --catch-up-limit out',
    });
  if (
    jitter === 0 ||
    !['jitter_seconds', 'schedule_cron', 'timezone'].some((column) => changed.includes(column))
  )
    return;
  const interval = shortestInterval(bot);
  if (jitter > Math.max(1, interval / 2))
    throw new UsageError({
      what: `a jitter of ${jitter}s is too long`,
      why: `slots of '${bot.schedule_cron}' come as close as ${interval}s, and a start is spread over less than half of that`,
      hint: `for example --jitter ${Math.max(1, Math.floor(interval / 2))}s`,
    });
}

/** The shortest time between two of the next slots, in seconds. */
function shortestInterval({ schedule_cron, timezone }: Columns): number {
  const schedule = parseSchedule(schedule_cron, timezone);
  let shortest = Infinity;
  let last = new Date();
  try {
    last = nextSlot(schedule, last);
    for (let slot = 1; slot < comparedSlots; slot++) {
      const next = nextSlot(schedule, last);
      shortest = Math.min(shortest, next.getTime() - last.getTime());
      last = next;
    }
  } catch (error) {
    // A schedule may have no further slot.
    if (!(error instanceof BadScheduleError)) throw error;
  }
  return shortest / 1000;
}
