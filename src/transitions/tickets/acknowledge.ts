/**
 * A person says that they work on a pending ticket: it is no longer overdue. Its assignee stays the same.
 *
 * From: `open` or `assigned`, at the version that was read.
 * To: the same status, `acknowledged_at` and `acknowledged_by`, with an event.
 * By: an operator.
 * Locks: the ticket.
 * Zero rows: another change came first, or it has ended: TicketChangedError is thrown.
 */
import { sql, type Transaction } from 'kysely';
import { pending, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from './write-event.ts';

export async function acknowledgeTicket(
  trx: Transaction<Database>,
  seen: TicketRow,
  actor: string,
): Promise<TicketRow> {
  const ticket = await trx
    .updateTable('bot_tickets')
    .set({ acknowledged_at: sql<Date>`engine.now()`, acknowledged_by: actor })
    .where('id', '=', seen.id)
    .where('version', '=', seen.version)
    .where('status', 'in', pending)
    .returningAll()
    .executeTakeFirst();
  if (!ticket) throw await ticketChanged(trx, seen, 'acknowledged');
  await writeEvent(trx, seen.id, 'acknowledged', actor, {}, ticket.acknowledged_at);
  return ticket;
}
