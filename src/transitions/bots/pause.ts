/**
 * A bot does nothing until it is resumed.
 *
 * From: the status that the caller has read: `active` or `error`.
 * To: `paused`, with the reason. A trigger takes its next slot away; what is queued or running ends as usual.
 * By: an operator (`bots pause`), or the remedy `bot.pause`.
 * Locks: the bot's row.
 * Zero rows: the bot has another status by now, or no longer exists.
 */
import type { BotRow, BotStatus } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';

/** The bot as it is afterwards; undefined when it is no longer in `from`. */
export const pauseBot = (
  db: Db,
  { id, status: from }: { id: string; status: BotStatus },
  reason: string | null,
): Promise<BotRow | undefined> =>
  db
    .updateTable('bots')
    .set({ status: 'paused', status_reason: reason })
    .where('id', '=', id)
    .where('status', '=', from)
    .returningAll()
    .executeTakeFirst();
