import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { backfill, type Backfilled, type BackfillRequest } from '../../schedule/backfill.ts';
import { authorise, type Actor } from '../actor.ts';
import { botOf } from '../references/named.ts';
import { scheduleOf } from './schedule.ts';

export type { Backfilled, Moment } from '../../schedule/backfill.ts';

/**
 * Queues runs for past slots that had no run or were skipped; a dry run only lists them. `zone` is the schedule's
 * time zone. For operators. Throws NotFoundError, UnreadableScheduleError, BotCannotRunError, BackfillRangeError.
 */
export async function backfillBot(
  { db, actor }: { db: Db; actor: Actor },
  { bot: given, ...request }: BackfillRequest & { bot: string },
): Promise<{ bot: BotRow; zone: string; backfilled: Backfilled }> {
  authorise(actor, 'backfill bots', 'operator');
  const bot = await botOf(db, given);
  // The schedule is read here so that an error names the bot; it is read again under the row's lock.
  const { zone } = scheduleOf(bot);
  return { bot, zone, backfilled: await backfill(db, bot.id, request) };
}
