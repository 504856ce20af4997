/**
 * Adds bots.
 *
 * From: no row of that name, and of the catalogue's bots none that was registered as the same one.
 * To: `active`, unless the values say otherwise. The scheduler plans it at its next tick.
 * By: an admin (`bots add`), or a process that starts and finds bots of the catalogue missing.
 * Locks: only the names, in the order in which they are given; a removed bot that gives its name away.
 * Zero rows: the name is taken, or the catalogue's bot was registered before, whatever became of it: what there is stays.
 */
import { sql, type Insertable, type Transaction } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Database, Db } from '../../database/connect.ts';
import type { Bots } from '../../database/tables.ts';
import { moveBotAside } from './rename.ts';

/** Bots of the catalogue, with their `catalogue_name`. Returns those that were inserted. */
export const addBots = (db: Db, bots: Insertable<Bots>[]): Promise<BotRow[]> =>
  db
    .insertInto('bots')
    .values(bots)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .execute();

/** A bot of a person. A removed bot that has its name gives it away: `aside` is what that bot is called then. */
export async function addBot(
  trx: Transaction<Database>,
  bot: Insertable<Bots>,
): Promise<{ bot: BotRow; aside: string | null } | undefined> {
  // For the trigger that keeps out what an older process would register again.
  await sql`SELECT set_config('engine.adds_anew', 'on', true)`.execute(trx);
  const aside = await moveBotAside(trx, bot.name);
  const added = await trx
    .insertInto('bots')
    .values(bot)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();
  return added && { bot: added, aside };
}
