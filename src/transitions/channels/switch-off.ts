/**
 * A channel through which nothing will pass any more is switched off, and gets a ticket.
 *
 * From: on.
 * To: off, with the reason and a pending ticket.
 * By: the run of the job deliver that holds the channel.
 * Locks: the row of engine.channels.
 * Zero rows: the channel is off already.
 */
import { sql, type Transaction } from 'kysely';
import { isPending } from '../../data/bots/pending-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from '../tickets/write-event.ts';

export async function switchOff(
  trx: Transaction<Database>,
  channel: string,
  why: string,
): Promise<void> {
  const { rows } = await sql<{ ticket_id: string | null }>`
    UPDATE engine.channels c SET off_since = engine.now(), off_reason = ${why}
    WHERE name = ${channel} AND off_since IS NULL
    RETURNING (SELECT t.id FROM bot_tickets t WHERE t.id = c.ticket_id AND ${isPending('t')}) AS ticket_id`.execute(
    trx,
  );
  if (!rows[0] || rows[0].ticket_id !== null) return;
  const opened = await sql<{ id: string }>`
    INSERT INTO bot_tickets (fingerprint, severity, title, description, status, respond_by, created_at, updated_at, metadata)
    SELECT ${`channel-${channel}`}, 'high', ${`The channel ${channel} is off: people are not told through it`},
           ${`Its receiver refused a message in a way that a further try does not change: ${why}\n\nMessages for it wait. Change it with \`npx roundsman notify set FILE\`, or switch it on again with \`npx roundsman notify retry ${channel}\`.`},
           'open', engine.now() + engine.respond_within('high'), engine.now(), engine.now(),
           jsonb_build_object('component', ${`channel ${channel}`}::text)
    RETURNING id`.execute(trx);
  const { id } = opened.rows[0]!;
  await sql`UPDATE engine.channels SET ticket_id = ${id} WHERE name = ${channel}`.execute(trx);
  await writeEvent(trx, id, 'opened', 'roundsman', { channel });
}
