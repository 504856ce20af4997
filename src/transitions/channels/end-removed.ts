/**
 * A channel is no longer in the settings: its messages do not wait any more, and none of them needs a person.
 *
 * From: any.
 * To: neither off nor unusable, its ticket resolved; its pending and failed messages superseded, with the reason.
 * By: a person who removes the channel from the settings; the job `deliver` or the timer that settles, if they find that the
 *   channel is gone.
 * Locks: the ticket; the messages by id; the row of engine.channels.
 * Zero rows: nothing is known of the channel.
 */
import type { Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { supersedeUnsent } from '../notifications/supersede-unsent.ts';
import { endChannelTicket } from './end-ticket.ts';
import { switchOn } from './switch-on.ts';

/** The reason if no command removed the channel: an SQL statement has changed the settings. */
export const goneReason = 'the settings have no such channel any more';

/** Returns how many messages waited. */
export async function endRemovedChannel(
  trx: Transaction<Database>,
  channel: string,
  { by, reason }: { by: string; reason: string },
): Promise<number> {
  await endChannelTicket(trx, channel, by, `The channel ${channel} was removed from the settings.`);
  const waited = await supersedeUnsent(trx, channel, reason);
  await switchOn(trx, channel);
  return waited;
}
