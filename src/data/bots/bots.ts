import { sql, type Insertable, type Selectable, type Updateable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Bots } from '../../database/tables.ts';

export type BotRow = Selectable<Bots>;
export type BotStatus = BotRow['status'];

/** Undefined when the name is taken. The scheduler plans it at its next tick. */
export const addBot = (db: Db, values: Insertable<Bots>): Promise<BotRow | undefined> =>
  db
    .insertInto('bots')
    .values(values)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();

/**
 * Changes what `change` makes of the row while it is locked; null when that is nothing. What
 * follows from an edit (a new version, the way out of `error`) is done by a trigger.
 */
export const editBot = (
  db: Db,
  id: string,
  change: (bot: BotRow) => Updateable<Bots> | null,
): Promise<{ before: BotRow; after: BotRow } | null> =>
  db.transaction().execute(async (trx) => {
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
  });

/** One conditional update; undefined when the bot is no longer in `from`. */
export const changeBotStatus = (
  db: Db,
  id: string,
  from: BotStatus,
  to: BotStatus,
  reason: string | null,
): Promise<BotRow | undefined> =>
  db
    .updateTable('bots')
    .set({ status: to, status_reason: reason })
    .where('id', '=', id)
    .where('status', '=', from)
    .returningAll()
    .executeTakeFirst();

/** Active bots whose time came a minute ago and that nobody has claimed or planned, latest first. */
export const overdueBots = (db: Db) =>
  db
    .selectFrom('bots')
    .where('status', '=', 'active')
    .where((eb) =>
      eb.or([
        eb('next_execution_at', '<', sql<Date>`engine.now() - interval '1 minute'`),
        eb.and([
          eb('next_execution_at', 'is', null),
          eb('updated_at', '<', sql<Date>`engine.now() - interval '1 minute'`),
        ]),
      ]),
    );
