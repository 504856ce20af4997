import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { storable } from '../../ground/text.ts';
import { closeRemoved } from '../../transitions/bots/close-removed.ts';
import { removeBot as remove } from '../../transitions/bots/remove.ts';
import { cancelRunsOf, type CancelledOfBot } from '../../transitions/runs/cancel-of-bot.ts';
import { authorise, type Actor } from '../actor.ts';
import { botOf } from '../references/named.ts';

export interface RemovedBot extends CancelledOfBot {
  bot: BotRow;
  /** it was removed before, and nothing was changed */
  unchanged: boolean;
  /** findings and tickets that were resolved because of it */
  findings: number;
  tickets: number;
}

/**
 * Removes a bot: it is disabled, lists leave it out, and its name may be given to another one. Its history stays. Its
 * queued and running runs are cancelled, and its open findings and tickets resolved. A run that has not ended yet may still write
 * findings and tickets: the timer `settle` resolves those. `bots enable` takes the removal back. For owners and admins. Throws
 * NotFoundError.
 */
export async function removeBot(
  { db, actor }: { db: Db; actor: Actor },
  { bot: given, reason }: { bot: string; reason: string | null },
): Promise<RemovedBot> {
  authorise(actor, 'remove bots', 'admin');
  const seen = await botOf(db, given);
  return inTransaction(db, async (trx) => {
    const bot = await remove(trx, seen, reason);
    if (!bot)
      return { bot: seen, unchanged: true, cancelled: 0, stopping: 0, findings: 0, tickets: 0 };
    const { findings, tickets } = await closeRemoved(trx, [bot.id], storable(actor.name));
    const runs = await cancelRunsOf(trx, bot.id, 'its bot was removed');
    return { bot, unchanged: false, ...runs, findings, tickets: tickets.length };
  });
}
