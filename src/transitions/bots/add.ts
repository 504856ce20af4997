/**
 * Adds bots.
 *
 * From: no row of that name, and of the catalogue's bots none that was registered as the same one.
 * To: `active`, unless the values say otherwise. The scheduler plans it at its next tick.
 * By: an admin (`bots add`), or a process that starts and finds bots of the catalogue missing.
 * Locks: only the names, in the order in which they are given; a removed bot that has the name and gets another one.
 * Zero rows: the name is taken, or the catalogue's bot was registered before, even if it was renamed or removed since: its row
 *   stays as it is.
 */
import { sql, type Insertable, type Transaction } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Database, Db } from '../../database/connect.ts';
import type { Bots } from '../../database/tables.ts';
import { renameRemovedBot } from './rename.ts';

/** Adds bots of the catalogue, with their `catalogue_name`. Returns those that were inserted. */
export const addBots = (db: Db, bots: Insertable<Bots>[]): Promise<BotRow[]> =>
  db
    .insertInto('bots')
    .values(bots)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .execute();

/**
 * Adds a bot for a person; undefined when the name is taken. A removed bot that has the name gets another one: `newNameOfRemoved` is that
 * bot's new name.
 */
export async function addBot(
  trx: Transaction<Database>,
  bot: Insertable<Bots>,
): Promise<{ bot: BotRow; newNameOfRemoved: string | null } | undefined> {
  // Tells the trigger that this insert is on purpose: it skips inserts by which an older process would register a bot again.
  await sql`SELECT set_config('engine.adds_anew', 'on', true)`.execute(trx);
  const newNameOfRemoved = await renameRemovedBot(trx, bot.name);
  const added = await trx
    .insertInto('bots')
    .values(bot)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();
  return added && { bot: added, newNameOfRemoved };
}
