/** Settings of a bot that are sound alone and say nothing, or something else, together. */
import type { BotRow } from '../../data/bots/bots.ts';
import { UsageError } from '../../ground/errors.ts';
import { BadScheduleError, nextSlot, parseSchedule } from '../../schedule/cron.ts';

type Settings = Pick<BotRow, 'schedule_cron' | 'timezone'> &
  Partial<Pick<BotRow, 'jitter_seconds' | 'catch_up' | 'catch_up_limit'>>;

/** So many slots are looked at for the shortest interval: more than a week of hours. */
const slotsLookedAt = 200;

/**
 * Throws UsageError where what is set now contradicts the rest of the definition: a jitter longer than half the time
 * between two slots, which would be cut in silence, and a limit for a way of catching up that has none. `set` names the columns of
 * this change: what was there before is left alone. The schedule is one that can be read.
 */
export function checkTogether(bot: Settings, set: readonly string[]): void {
  const { jitter_seconds: jitter = 0, catch_up = 'last' } = bot;
  if (set.includes('catch_up_limit') && catch_up !== 'all')
    throw new UsageError({
      what: '--catch-up-limit cannot be used',
      why: `it is for --catch-up all, and with \`${catch_up}\` one run at most makes up for what was missed`,
      hint: 'give --catch-up all, or leave --catch-up-limit out',
    });
  if (
    jitter === 0 ||
    !['jitter_seconds', 'schedule_cron', 'timezone'].some((one) => set.includes(one))
  )
    return;
  const interval = shortestInterval(bot);
  if (jitter > Math.max(1, interval / 2))
    throw new UsageError({
      what: `a jitter of ${jitter}s is too long`,
      why: `slots of '${bot.schedule_cron}' come ${interval}s apart, and a start is spread over less than half of that`,
      hint: `for example --jitter ${Math.max(1, Math.floor(interval / 2))}s`,
    });
}

/** In seconds, between two of the next slots. */
function shortestInterval({ schedule_cron, timezone }: Settings): number {
  const schedule = parseSchedule(schedule_cron, timezone);
  let shortest = Infinity;
  let last = new Date();
  try {
    last = nextSlot(schedule, last);
    for (let slot = 1; slot < slotsLookedAt; slot++) {
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
