/**
 * Gives a pending ticket to a person, if the ticket has not changed since it was read. A person who assigns a ticket to
 * themselves acknowledges it, too.
 *
 * From: `open` or `assigned`, at the version that was read.
 * To: `assigned`, with an event; acknowledged too, if the new assignee made the change.
 * By: an operator.
 * Locks: the ticket.
 * Zero rows: another change came first, or it has ended: TicketChangedError is thrown.
 */
import { sql, type Transaction } from 'kysely';
import { pending, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from './write-event.ts';

export async function assignTicket(
  trx: Transaction<Database>,
  seen: TicketRow,
  who: string,
  actor: string,
): Promise<TicketRow> {
  const ticket = await trx
    .updateTable('bot_tickets')
    .set({
      status: 'assigned',
      assigned_to: who,
      ...(who === actor && {
        acknowledged_at: sql<Date>`coalesce(acknowledged_at, engine.now())`,
        acknowledged_by: sql<string>`CASE WHEN acknowledged_at IS NULL THEN ${actor} ELSE acknowledged_by END`,
      }),
    })
    .where('id', '=', seen.id)
    .where('status', 'in', pending)
    .where('version', '=', seen.version)
    .returningAll()
    .executeTakeFirst();
  if (!ticket) throw await ticketChanged(trx, seen, 'assigned');
  await writeEvent(trx, seen.id, 'assigned', actor, { from: seen.assigned_to, to: who });
  return ticket;
}
