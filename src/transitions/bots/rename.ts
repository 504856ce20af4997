/**
 * A bot gets another name; the rows of its history refer to it by its id, and show the new name. If a removed bot has the
 * wanted name, that bot's name becomes its old name with the first digits of its id.
 *
 * From: any status, removed or not.
 * To: the same, with the new `name`.
 * By: an admin (`bots rename`; `bots add`, when a removed bot has the name).
 * Locks: the bot and the removed bot that has the name, by id.
 * Zero rows: a bot that is not removed has the name, or the bot no longer has the name that the caller has read.
 */
import { sql, type Transaction } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Database } from '../../database/connect.ts';

export interface RenamedBot {
  bot: BotRow;
  /** the new name of the removed bot that had the wanted one */
  newNameOfRemoved: string | null;
}

/** Undefined for zero rows. A race with another session for the name ends in a unique violation. */
export async function renameBot(
  trx: Transaction<Database>,
  { id, name: from }: { id: string; name: string },
  to: string,
): Promise<RenamedBot | undefined> {
  await sql`
    SELECT FROM bots WHERE id = ${id}::uuid OR (name = ${to} AND removed_at IS NOT NULL)
    -- Locks bots by id.
    ORDER BY id FOR NO KEY UPDATE`.execute(trx);
  const newNameOfRemoved = await renameRemovedBot(trx, to, id);
  const bot = await trx
    .updateTable('bots')
    .set({ name: to })
    .where('id', '=', id)
    .where('name', '=', from)
    .where((eb) =>
      eb.not(eb.exists(eb.selectFrom('bots as other').select('id').where('other.name', '=', to))),
    )
    .returningAll()
    .executeTakeFirst();
  return bot && { bot, newNameOfRemoved };
}

/**
 * Gives a removed bot that has this name another one, and returns the new name; null if no removed bot has this name. The bot
 * `exceptId` keeps its name.
 */
export async function renameRemovedBot(
  trx: Transaction<Database>,
  name: string,
  exceptId: string | null = null,
): Promise<string | null> {
  const { rows } = await sql<{ name: string }>`
    UPDATE bots b SET name = (
      SELECT free.name FROM unnest(ARRAY[left(b.name, 41) || '-' || left(b.id::text, 8), left(b.name, 13) || '-' || b.id])
        WITH ORDINALITY AS free (name, place)
      WHERE NOT EXISTS (SELECT FROM bots other WHERE other.name = free.name) ORDER BY free.place LIMIT 1)
    WHERE b.name = ${name} AND b.removed_at IS NOT NULL AND b.id IS DISTINCT FROM ${exceptId}::uuid
    RETURNING b.name`.execute(trx);
  return rows[0]?.name ?? null;
}
