import type { ExecutionRow } from '../../data/bots/bot-executions.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { authorise, type Actor } from '../actor.ts';
import { queueManualRun } from '../runs/queue.ts';
import { botOf } from '../references/named.ts';

/** Queues a run outside of the schedule. For operators. Throws NotFoundError, BotCannotRunError. */
export async function runBot(
  { db, actor }: { db: Db; actor: Actor },
  { bot: given }: { bot: string },
): Promise<{ bot: BotRow; run: ExecutionRow }> {
  authorise(actor, 'run bots', 'operator');
  const bot = await botOf(db, given);
  return { bot, run: await queueManualRun(db, bot.id) };
}
