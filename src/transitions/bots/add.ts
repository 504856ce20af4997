/**
 * Adds bots.
 *
 * From: no row of that name.
 * To: `active`, unless the values say otherwise. The scheduler plans it at its next tick.
 * By: an operator (`bots add`), or a process that starts and finds bots of the catalogue missing.
 * Locks: only the names, in the order in which they are given.
 * Zero rows: the name is taken; the bot with this name stays as it is.
 */
import type { Insertable } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import type { Bots } from '../../database/tables.ts';

/** The bots that were inserted. */
export const addBots = (db: Db, bots: Insertable<Bots>[]): Promise<BotRow[]> =>
  db
    .insertInto('bots')
    .values(bots)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .execute();

/** Undefined when the name is taken. */
export const addBot = async (db: Db, bot: Insertable<Bots>): Promise<BotRow | undefined> =>
  (await addBots(db, [bot]))[0];
