/**
 * A bot runs again.
 *
 * From: the status that the caller has read: `paused`, `disabled` or `error`. The caller must know that its definition
 *   can run; otherwise the next tick marks it in error again.
 * To: `active`, without a reason. No run is owed for slots that passed meanwhile; the next tick plans the bot.
 * By: an operator (`bots resume`), or the undo of the remedy `bot.pause`.
 * Locks: the bot's row.
 * Zero rows: the bot has another status by now, or no longer exists.
 */
import type { BotRow, BotStatus } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';

/** The bot as it is afterwards; undefined when it is no longer in `from`. */
export const resumeBot = (
  db: Db,
  { id, status: from }: { id: string; status: BotStatus },
): Promise<BotRow | undefined> =>
  db
    .updateTable('bots')
    .set({ status: 'active', status_reason: null })
    .where('id', '=', id)
    .where('status', '=', from)
    .returningAll()
    .executeTakeFirst();
