/**
 * A bot's definition changes.
 *
 * From: any status.
 * To: the same, or `active` from `error`. A trigger counts the version, empties slots that no longer apply, and makes a bot in
 *   `error` active, whichever statement makes the edit (engine.bot_edited).
 * By: an admin (`bots edit`).
 * Locks: the bot's row, before it is read.
 * Zero rows: the edit changes nothing, and nothing is written.
 */
import type { Transaction, Updateable } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Database } from '../../database/connect.ts';
import type { Bots } from '../../database/tables.ts';

/** Writes the changes that `change` returns for the locked row; null when there are none. */
export async function editBot(
  trx: Transaction<Database>,
  id: string,
  change: (bot: BotRow) => Updateable<Bots> | null,
): Promise<{ before: BotRow; after: BotRow } | null> {
  // NO KEY: runs that refer to the bot may be inserted meanwhile.
  const before = await trx
    .selectFrom('bots')
    .selectAll()
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const values = change(before);
  if (!values) return null;
  const after = await trx
    .updateTable('bots')
    .set(values)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { before, after };
}
