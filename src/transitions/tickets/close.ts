/**
 * A resolved ticket ends for good: if its problem comes back, another ticket is opened. Tickets that were merged into it and
 * resolved with it are closed with it.
 *
 * From: `resolved`, at the version that was read; for the job, resolved longer ago than a ticket may be reopened.
 * To: `closed`, with an event.
 * By: an operator, or the job `close-tickets`.
 * Locks: the bots of the ticket and of what is merged into it, by id, then these tickets by id. The job locks tickets
 *   in no fixed order, and skips those that other transactions hold.
 * Zero rows: another change came first, or it is not resolved: TicketChangedError is thrown. For the job: none is due.
 */
import { sql, type Transaction } from 'kysely';
import { reopenWithin, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { lockResolvedWith } from '../../data/bots/merged-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from './write-event.ts';

export async function closeTicket(
  trx: Transaction<Database>,
  seen: TicketRow,
  actor: string,
): Promise<TicketRow> {
  const merged = await lockResolvedWith(trx, seen);
  const ticket = await trx
    .updateTable('bot_tickets')
    .set({ status: 'closed' })
    .where('id', '=', seen.id)
    .where('version', '=', seen.version)
    .where('status', '=', 'resolved')
    .returningAll()
    .executeTakeFirst();
  if (!ticket) throw await ticketChanged(trx, seen, 'closed');
  await writeEvent(trx, seen.id, 'closed', actor, {});
  for (const { id } of merged) {
    await trx.updateTable('bot_tickets').set({ status: 'closed' }).where('id', '=', id).execute();
    await writeEvent(trx, id, 'closed', actor, { with: `T-${seen.number}` });
  }
  return ticket;
}

/** Closes at most `maxRows` tickets, those first that were resolved first; returns how many. */
export async function closeOldTickets(
  trx: Transaction<Database>,
  maxRows: number,
): Promise<number> {
  const { rows } = await sql`
    WITH due AS (
      SELECT id FROM bot_tickets
      WHERE status = 'resolved' AND resolved_at <= engine.now() - ${sql.lit(reopenWithin)}::interval
      -- Locks bot_tickets in no fixed order; rows that others hold are skipped.
      ORDER BY resolved_at LIMIT ${maxRows}::int FOR NO KEY UPDATE SKIP LOCKED
    ), closed AS (
      UPDATE bot_tickets t SET status = 'closed' FROM due WHERE t.id = due.id RETURNING t.id
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'closed', 'roundsman', '{}', engine.now() FROM closed RETURNING id`.execute(trx);
  return rows.length;
}
