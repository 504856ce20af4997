/**
 * A bot runs again.
 *
 * From: the status that the caller has read: `paused`, `disabled` or `error`. That its definition can run is the
 * caller's to know: else the next tick marks it in error again.
 * To: `active`, without a reason. Slots that passed meanwhile are not owed; the next tick plans it.
 * By: an operator (`bots resume`), or the undo of the remedy `bot.pause`.
 * Locks: the bot's row.
 * Zero rows: the bot has another status by now, or is gone.
 */
import type { BotRow, BotStatus } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';

/** The bot as it is afterwards; undefined when it is not in `from` any more. */
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
