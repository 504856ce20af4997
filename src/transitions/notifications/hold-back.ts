/**
 * A message about a ticket waits while maintenance is in force for it: one that was made before the window began, or that
 * waited for a receiver. What people write is sent, and so is the end of what they were told of.
 *
 * From: pending and due, about a pending ticket that a window covers.
 * To: the same, due a minute later, with the reason.
 * By: the run of the job deliver that holds the channel.
 * Locks: these rows, by id.
 * Zero rows: no window covers what is due.
 */
import { sql, type Transaction } from 'kysely';
import { ticketUnderMaintenance } from '../../data/bots/bot-maintenance.ts';
import { isPending } from '../../data/bots/pending-tickets.ts';
import { isDue } from '../../data/notify/channels.ts';
import type { Database } from '../../database/connect.ts';

export const holdBack = (trx: Transaction<Database>, channel: string) =>
  sql`
    UPDATE bot_notifications
    SET send_after = engine.now() + interval '1 minute', reason = 'held back by maintenance'
    WHERE id IN (
      SELECT n.id FROM bot_notifications n JOIN bot_tickets t ON t.id = n.ticket_id
      WHERE n.channel = ${channel} AND n.status = 'pending' AND n.kind = 'ticket' AND n.sending_since IS NULL
        AND ${isDue} AND ${isPending('t')} AND ${ticketUnderMaintenance('t')}
      ORDER BY n.id FOR NO KEY UPDATE OF n)`.execute(trx);
