/** Tickets that are merged into others: which, and the locks under which that changes. */
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
 * Locks the bots of these tickets, of what was ever merged into them, and of what they are merged into. What is merged into
 * a ticket, and which of these are pending, changes only in transactions that hold its bot. Returns the bots.
 */
export async function holdBotsOf(trx: Transaction<Database>, ids: string[]): Promise<Set<string>> {
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
 * What is merged into a ticket, of whose bots the transaction holds these. Throws TicketChangedError where one was merged into it
 * while the transaction waited for the bots: it holds not all of them.
 */
export async function mergedUnderBots(
  trx: Transaction<Database>,
  seen: TicketRow,
  bots: Set<string>,
  wanted: string,
): Promise<TicketRow[]> {
  const merged = await mergedInto(trx, seen.id);
  const late = merged.find(({ bot_id }) => bot_id !== null && !bots.has(bot_id));
  if (!late) return merged;
  const told = await trx
    .selectFrom('bot_ticket_events')
    .select(['actor', 'created_at'])
    .where('ticket_id', '=', late.id)
    .where('event', '=', 'merged')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  throw new TicketChangedError({
    what: `T-${seen.number} was not ${wanted}`,
    why: told
      ? `${told.actor} merged T-${late.number} into it at ${time(told.created_at)} UTC`
      : `T-${late.number} was merged into it meanwhile`,
    hint: `see \`npx roundsman tickets show T-${seen.number}\``,
  });
}

/** Locks these tickets, which lets no other change of them come between. */
export async function holdTickets(trx: Transaction<Database>, ids: string[]): Promise<void> {
  await sql`
    SELECT FROM bot_tickets WHERE id = ANY (${ids}::uuid[])
    -- Locks bot_tickets by id.
    ORDER BY id FOR NO KEY UPDATE`.execute(trx);
}

/**
 * What is merged into a resolved ticket and was resolved with it, and has not been reopened since: locked, and their bots. Where
 * there is none, nothing is locked.
 */
export async function holdEndedWith(
  trx: Transaction<Database>,
  { id }: Pick<TicketRow, 'id'>,
): Promise<TicketRow[]> {
  const before = await endedWith(trx, id);
  if (before.length === 0) return [];
  await holdBotsOf(trx, [id]);
  await holdTickets(trx, [id, ...before.map((ticket) => ticket.id)]);
  return endedWith(trx, id);
}

async function endedWith(db: Db, id: string): Promise<TicketRow[]> {
  const { rows } = await sql<TicketRow>`
    SELECT m.* FROM bot_tickets m JOIN bot_tickets s ON s.id = m.merged_into AND s.resolved_at = m.resolved_at
    WHERE s.id = ${id}::uuid AND s.status = 'resolved' AND m.status = 'resolved' ORDER BY m.number`.execute(
    db,
  );
  return rows;
}
