import type { BotRow } from '../../data/bots/bots.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import {
  BadScheduleError,
  cronInWords,
  rememberedSchedule,
  slotsBetween,
  type Schedule,
} from '../../schedule/cron.ts';
import { printable } from '../../ground/text.ts';

type Scheduled = Pick<BotRow, 'name' | 'schedule_cron' | 'timezone'>;

/** The schedule in a bot's row cannot be read, so its times cannot be computed. */
export class UnreadableScheduleError extends RoundsmanError {}

/** The bot's schedule. Throws {@link UnreadableScheduleError}, because the row is wrong and not the command. */
export function scheduleOf({ name, schedule_cron, timezone }: Scheduled): Schedule {
  try {
    return rememberedSchedule(schedule_cron, timezone);
  } catch (error) {
    if (!(error instanceof BadScheduleError)) throw error;
    throw new UnreadableScheduleError(
      {
        what: `the schedule of ${name} cannot be read`,
        why: error.why,
        hint: `\`npx roundsman bots edit ${name} --schedule '...'\`; ${error.hint}`,
      },
      { cause: error },
    );
  }
}

/** `Every 5 minutes (UTC)`; the text of the row if it cannot be read. */
export async function scheduleInWords(bot: Scheduled): Promise<string> {
  try {
    return await cronInWords(scheduleOf(bot));
  } catch (error) {
    if (error instanceof UnreadableScheduleError) return printable(bot.schedule_cron);
    throw error;
  }
}

const dayMs = 86_400_000;
/** A schedule runs once a minute at most. */
const maxRunsADay = 1_440;

/** How many slots come in the 24 hours after `now`; null if the schedule cannot be read, as in a row that was written by hand. */
export function runsADay(cron: string, zone: string, now: Date): number | null {
  try {
    const until = new Date(+now + dayMs);
    return slotsBetween(rememberedSchedule(cron, zone), now, until, maxRunsADay).length;
  } catch (error) {
    if (error instanceof BadScheduleError) return null;
    throw error;
  }
}
