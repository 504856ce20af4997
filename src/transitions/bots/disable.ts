/**
 * A bot is taken out of service until it is enabled again.
 *
 * From: the status that the caller has read: `active`, `paused` or `error`.
 * To: `disabled`, with the reason. A trigger takes its next slot away; the caller cancels its open runs (runs/cancel-of-bot.ts).
 * By: an admin (`bots disable`).
 * Locks: the bot's row.
 * Zero rows: the bot has another status by now.
 */
import type { BotRow, BotStatus } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';

/** The bot as it is afterwards; undefined when it is no longer in `from`. */
export const disableBot = (
  db: Db,
  { id, status: from }: { id: string; status: BotStatus },
  reason: string | null,
): Promise<BotRow | undefined> =>
  db
    .updateTable('bots')
    .set({ status: 'disabled', status_reason: reason })
    .where('id', '=', id)
    .where('status', '=', from)
    .returningAll()
    .executeTakeFirst();
