import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { backfill, type Backfilled, type BackfillRequest } from '../../schedule/backfill.ts';
import { authorise, type Actor } from '../actor.ts';
import { botOf } from '../references/named.ts';
import { scheduleOf } from './schedule.ts';

export type { Backfilled, Moment } from '../../schedule/backfill.ts';

/**
 * Queues runs for slots of the past that had none or were skipped; a dry run says which. `zone` is that of the schedule.
 * For operators. Throws NotFoundError, UnreadableScheduleError, BotCannotRunError, BackfillRangeError.
 */
export async function backfillBot(
  { db, actor }: { db: Db; actor: Actor },
  { bot: given, ...request }: BackfillRequest & { bot: string },
): Promise<{ bot: BotRow; zone: string; done: Backfilled }> {
  authorise(actor, 'backfill bots', 'operator');
  const bot = await botOf(db, given);
  // Said in the bot's words before the row is locked; the schedule is read again under the lock.
  const { zone } = scheduleOf(bot);
  return { bot, zone, done: await backfill(db, bot.id, request) };
}
