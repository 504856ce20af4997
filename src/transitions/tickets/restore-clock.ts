/**
 * A person undoes what they have just done to a ticket: the clock of its policy goes on as if that had not been done. The
 * trigger that begins the clock anew is not asked, because only its own columns are written.
 *
 * From: pending, in the transaction that has taken the change back; the trigger has begun its clock anew.
 * To: the same, with the clock that the ticket had.
 * By: an operator.
 * Locks: the ticket, which the caller has locked.
 * Zero rows: none: the caller has written the ticket.
 */
import type { Transaction } from 'kysely';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';

export async function restoreClock(trx: Transaction<Database>, before: TicketRow): Promise<void> {
  const { escalation_began_at, escalation_step, escalation_with, prompted_at, policy_raised_at } =
    before;
  await trx
    .updateTable('bot_tickets')
    .set({ escalation_began_at, escalation_step, escalation_with, prompted_at, policy_raised_at })
    .where('id', '=', before.id)
    .execute();
}
