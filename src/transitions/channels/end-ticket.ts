/**
 * A channel through which nothing was sent may be used again: the ticket that told people of it ends.
 *
 * From: pending, of a channel that is off or cannot be used.
 * To: resolved, with what became of the channel as its notes, and an event.
 * By: a person who changes the channel, switches it on or removes it; the run of the job `deliver` that finds it usable.
 * Locks: the ticket.
 * Zero rows: the channel has no such ticket, or a person ended it.
 */
import { sql, type Transaction } from 'kysely';
import { isPending } from '../../data/bots/pending-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from '../tickets/write-event.ts';

export async function endChannelTicket(
  trx: Transaction<Database>,
  channel: string,
  by: string,
  notes: string,
): Promise<void> {
  const ended = await sql<{ id: string }>`
    UPDATE bot_tickets t SET status = 'resolved', resolved_at = engine.now(), resolved_by = ${by}, resolution_notes = ${notes}
    FROM engine.channels c
    WHERE c.name = ${channel} AND (c.off_since IS NOT NULL OR c.unusable_since IS NOT NULL)
      AND t.id = c.ticket_id AND ${isPending('t')}
    RETURNING t.id`.execute(trx);
  if (ended.rows[0]) await writeEvent(trx, ended.rows[0].id, 'resolved', by, { notes });
}
