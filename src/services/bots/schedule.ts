import type { BotRow } from '../../data/bots/bots.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import {
  BadScheduleError,
  cronInWords,
  rememberedSchedule,
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
