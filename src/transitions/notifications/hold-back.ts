/**
 * A message about a ticket waits while a maintenance window covers the ticket: the message was made before the window began, or
 * it waited for its receiver. Comments of people are sent; so is the news that a problem is over, if people were told of it.
 *
 * From: pending and due, about a pending ticket that a window covers.
 * To: the same, due a minute later, with the reason.
 * By: the run of the job `deliver` that holds the channel.
 * Locks: these rows, by id.
 * Zero rows: no window covers what is due.
 */
import { sql, type Transaction } from 'kysely';
import { ticketUnderMaintenance } from '../../data/bots/bot-maintenance.ts';
import { isPending } from '../../data/bots/pending-tickets.ts';
import { isDue } from '../../data/notify/channels.ts';
import type { Database } from '../../database/connect.ts';

/** The reason on a message that is held back. A comment on the ticket does not wait for such a message. */
export const heldBackReason = 'held back by maintenance';

export const holdBack = (trx: Transaction<Database>, channel: string) =>
  sql`
    UPDATE bot_notifications
    SET send_after = engine.now() + interval '1 minute', reason = ${heldBackReason}
    WHERE id IN (
      SELECT n.id FROM bot_notifications n JOIN bot_tickets t ON t.id = n.ticket_id
      WHERE n.channel = ${channel} AND n.status = 'pending' AND n.kind = 'ticket' AND n.sending_since IS NULL
        AND ${isDue} AND ${isPending('t')} AND ${ticketUnderMaintenance('t')}
      ORDER BY n.id FOR NO KEY UPDATE OF n)`.execute(trx);
