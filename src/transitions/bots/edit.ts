/**
 * A bot's definition changes.
 *
 * From: any status.
 * To: the same, or `active` out of `error`: a trigger counts the version, empties what no longer holds and leads the
 * way out of `error`, whoever makes the edit (engine.bot_edited).
 * By: an operator, with `bots edit`.
 * Locks: the bot's row, before it is read.
 * Zero rows: the edit changes nothing, and nothing is written.
 */
import type { Transaction, Updateable } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Database } from '../../database/connect.ts';
import type { Bots } from '../../database/tables.ts';

/** Changes what `change` makes of the row while it is locked; null when that is nothing. */
export async function editBot(
  trx: Transaction<Database>,
  id: string,
  change: (bot: BotRow) => Updateable<Bots> | null,
): Promise<{ before: BotRow; after: BotRow } | null> {
  // NO KEY: runs may insert rows that refer to the bot meanwhile.
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
