/**
 * A bot that was disabled or removed is in service again. The caller must know that its definition can run; otherwise
 * the next tick marks it in error.
 *
 * From: `disabled`, removed or not.
 * To: `active`, without a reason and no longer removed. No run is owed for slots that passed meanwhile.
 * By: an admin (`bots enable`).
 * Locks: the bot's row.
 * Zero rows: the bot has another status by now.
 */
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';

/** The bot as it is afterwards; undefined when it is no longer disabled. */
export const enableBot = (db: Db, { id }: { id: string }): Promise<BotRow | undefined> =>
  db
    .updateTable('bots')
    .set({ status: 'active', status_reason: null, removed_at: null })
    .where('id', '=', id)
    .where('status', '=', 'disabled')
    .returningAll()
    .executeTakeFirst();
