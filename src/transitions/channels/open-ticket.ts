/**
 * Opens a ticket that tells people that nothing is sent through a channel. A channel has one such ticket at a time.
 *
 * From: no pending ticket of the channel.
 * To: a pending one, with its event.
 * By: the run of the job `deliver` that holds the channel.
 * Locks: the row of engine.channels.
 * Zero rows: never; a ticket that is pending stays as it is.
 */
import { sql, type Transaction } from 'kysely';
import { channelTicket, isPending } from '../../data/bots/pending-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from '../tickets/write-event.ts';

export async function openChannelTicket(
  trx: Transaction<Database>,
  channel: string,
  { title, description }: { title: string; description: string },
): Promise<void> {
  const opened = await sql<{ id: string }>`
    INSERT INTO bot_tickets (fingerprint, severity, title, description, status, respond_by, created_at, updated_at, metadata)
    SELECT ${channelTicket + channel}, 'high', ${title}, ${description},
           'open', engine.now() + engine.respond_within('high'), engine.now(), engine.now(),
           jsonb_build_object('component', ${`channel ${channel}`}::text)
    WHERE NOT EXISTS (SELECT FROM engine.channels c JOIN bot_tickets t ON t.id = c.ticket_id
                      WHERE c.name = ${channel} AND ${isPending('t')})
    RETURNING id`.execute(trx);
  const id = opened.rows[0]?.id;
  if (id === undefined) return;
  await sql`UPDATE engine.channels SET ticket_id = ${id} WHERE name = ${channel}`.execute(trx);
  await writeEvent(trx, id, 'opened', 'roundsman', { channel });
}
