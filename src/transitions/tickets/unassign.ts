/**
 * Takes a pending ticket from its assignee: any person may take it now, and its acknowledgement ends.
 *
 * From: `assigned`, at the version that was read.
 * To: `open`, not acknowledged, with an event.
 * By: an operator.
 * Locks: the ticket.
 * Zero rows: another change came first, or it has ended: TicketChangedError is thrown.
 */
import type { Transaction } from 'kysely';
import { ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from './write-event.ts';

export async function unassignTicket(
  trx: Transaction<Database>,
  seen: TicketRow,
  actor: string,
): Promise<TicketRow> {
  const ticket = await trx
    .updateTable('bot_tickets')
    .set({ status: 'open', assigned_to: null, acknowledged_at: null, acknowledged_by: null })
    .where('id', '=', seen.id)
    .where('version', '=', seen.version)
    .where('status', '=', 'assigned')
    .returningAll()
    .executeTakeFirst();
  if (!ticket) throw await ticketChanged(trx, seen, 'unassigned');
  await writeEvent(trx, seen.id, 'unassigned', actor, { from: seen.assigned_to });
  return ticket;
}
