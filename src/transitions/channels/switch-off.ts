/**
 * Switches off a channel whose receiver refuses every message, and opens a ticket about the channel.
 *
 * From: on.
 * To: off, with the reason and a pending ticket.
 * By: the run of the job `deliver` that holds the channel.
 * Locks: the row of engine.channels.
 * Zero rows: the channel is off already.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { openChannelTicket } from './open-ticket.ts';

export async function switchOff(
  trx: Transaction<Database>,
  channel: string,
  why: string,
): Promise<void> {
  const { rows } = await sql`
    UPDATE engine.channels SET off_since = engine.now(), off_reason = ${why}
    WHERE name = ${channel} AND off_since IS NULL RETURNING name`.execute(trx);
  if (rows.length === 0) return;
  await openChannelTicket(trx, channel, {
    title: `The channel ${channel} is off: people are not told through it`,
    description: `Its receiver refused a message, and trying again will not help: ${why}\n\nMessages for this channel wait. Change the channel's settings with \`npx roundsman notify set FILE\`, or switch it on again with \`npx roundsman notify retry ${channel}\`.`,
  });
}
