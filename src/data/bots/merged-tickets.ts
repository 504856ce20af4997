/** Which tickets are merged into others, and the locks under which that changes. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { time } from '../../ground/text.ts';
import { TicketChangedError, type TicketRow } from './bot-tickets.ts';
import { isPending } from './pending-tickets.ts';

/** The pending tickets that are merged into this one, the oldest first. */
export const mergedInto = (db: Db, id: string): Promise<TicketRow[]> =>
  db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('merged_into', '=', id)
    .where(isPending())
    .orderBy('number')
    .execute();

/**
 * Locks the bots of these tickets, of all tickets that were ever merged into them, and of those into which they are merged.
 * Only a transaction that has locked the bot of a survivor merges a ticket into it, or makes a merged ticket pending again: while
 * these locks are held, none is added. One may still be taken out, because that locks only the ticket itself (`unmerge.ts`).
 * Returns the bots.
 */
export async function lockBotsOf(trx: Transaction<Database>, ids: string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    SELECT b.id FROM bots b WHERE b.id IN (
      -- Each by its index: one condition with OR reads all tickets.
      SELECT t.bot_id FROM bot_tickets t WHERE t.id = ANY (${ids}::uuid[])
      UNION ALL SELECT t.bot_id FROM bot_tickets t WHERE t.merged_into = ANY (${ids}::uuid[])
      UNION ALL SELECT s.bot_id FROM bot_tickets m JOIN bot_tickets s ON s.id = m.merged_into WHERE m.id = ANY (${ids}::uuid[]))
    -- Locks bots by id.
    ORDER BY b.id FOR NO KEY UPDATE OF b`.execute(trx);
  return new Set(rows.map(({ id }) => id));
}

/**
 * The tickets that are merged into a ticket, in a transaction that has locked `bots`. Throws TicketChangedError if another one was
 * merged into it while the transaction waited for these locks: then not all of their bots are locked.
 */
export async function mergedIntoLocked(
  trx: Transaction<Database>,
  seen: TicketRow,
  bots: Set<string>,
  wanted: string,
): Promise<TicketRow[]> {
  const merged = await mergedInto(trx, seen.id);
  const unlocked = merged.find(({ bot_id }) => bot_id !== null && !bots.has(bot_id));
  if (!unlocked) return merged;
  const mergeEvent = await trx
    .selectFrom('bot_ticket_events')
    .select(['actor', 'created_at'])
    .where('ticket_id', '=', unlocked.id)
    .where('event', '=', 'merged')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  throw new TicketChangedError({
    what: `T-${seen.number} was not ${wanted}`,
    why: mergeEvent
      ? `${mergeEvent.actor} merged T-${unlocked.number} into it at ${time(mergeEvent.created_at)} UTC`
      : `T-${unlocked.number} was merged into it meanwhile`,
    hint: `see \`npx roundsman tickets show T-${seen.number}\``,
  });
}

/** Locks these tickets, so that no other change of them comes between. */
export async function lockTickets(trx: Transaction<Database>, ids: string[]): Promise<void> {
  await sql`
    SELECT FROM bot_tickets WHERE id = ANY (${ids}::uuid[])
    -- Locks bot_tickets by id.
    ORDER BY id FOR NO KEY UPDATE`.execute(trx);
}

/**
 * The tickets that are merged into a resolved ticket, were resolved with it, and have not been reopened since. Locks all of them
 * and their bots; if there is none, locks nothing.
 */
export async function lockResolvedWith(
  trx: Transaction<Database>,
  { id }: Pick<TicketRow, 'id'>,
): Promise<TicketRow[]> {
  const before = await resolvedWith(trx, id);
  if (before.length === 0) return [];
  await lockBotsOf(trx, [id]);
  await lockTickets(trx, [id, ...before.map((ticket) => ticket.id)]);
  return resolvedWith(trx, id);
}

async function resolvedWith(db: Db, id: string): Promise<TicketRow[]> {
  const { rows } = await sql<TicketRow>`
    SELECT m.* FROM bot_tickets m JOIN bot_tickets s ON s.id = m.merged_into AND s.resolved_at = m.resolved_at
    WHERE s.id = ${id}::uuid AND s.status = 'resolved' AND m.status = 'resolved' ORDER BY m.number`.execute(
    db,
  );
  return rows;
}
