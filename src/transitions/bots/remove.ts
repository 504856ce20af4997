/**
 * A bot is removed: it is disabled for good, lists leave it out, and another bot may take its name. Its row stays,
 * because its history needs it.
 *
 * From: any status, and not removed.
 * To: `disabled`, with `removed_at` and, if one is given, the reason. A trigger takes its next slot away; the caller cancels its
 *   open runs (runs/cancel-of-bot.ts) and closes what it has open (close-removed.ts).
 * By: an admin (`bots remove`).
 * Locks: the bot's row.
 * Zero rows: it was removed before.
 */
import { sql } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';

/** The bot as it is afterwards; undefined when it was removed before. */
export const removeBot = (
  db: Db,
  { id }: { id: string },
  reason: string | null,
): Promise<BotRow | undefined> =>
  db
    .updateTable('bots')
    .set({
      status: 'disabled',
      removed_at: sql<Date>`engine.now()`,
      // A reason belongs to the status that it was given for.
      status_reason: sql<
        string | null
      >`CASE status WHEN 'disabled' THEN coalesce(${reason}, status_reason) ELSE ${reason} END`,
    })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
