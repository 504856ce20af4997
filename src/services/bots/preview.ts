import type { BotRow } from '../../data/bots/bots.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { BadScheduleError, nextSlot } from '../../schedule/cron.ts';
import { scheduleInWords, scheduleOf } from './schedule.ts';

export interface SchedulePreview {
  /** the schedule in words, with its zone */
  words: string;
  zone: string;
  /** the next slots; fewer where the schedule has no more */
  next: Date[];
  /** the database's time */
  now: Date;
}

/** When a bot that has no row yet would run. Throws UnreadableScheduleError. */
export async function previewSchedule(
  db: Db,
  bot: Pick<BotRow, 'name' | 'schedule_cron' | 'timezone'>,
  count: number,
): Promise<SchedulePreview> {
  const schedule = scheduleOf(bot);
  const now = await currentTime(db);
  const next: Date[] = [];
  try {
    while (next.length < count) next.push(nextSlot(schedule, next.at(-1) ?? now));
  } catch (error) {
    if (!(error instanceof BadScheduleError)) throw error;
  }
  return { words: await scheduleInWords(bot), zone: schedule.zone, next, now };
}
