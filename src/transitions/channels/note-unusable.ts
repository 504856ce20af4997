/**
 * A secret of a channel cannot be opened, or its value does not fit: nothing was sent, and waiting messages are tried again.
 * People get a ticket as soon as a second try finds the same: a worker that is being restarted may lack a secret for a moment.
 *
 * From: usable; or unusable, and people are not told of that yet.
 * To: unusable, with the reason; from the second try on with a pending ticket. And back: usable.
 * By: the run of the job `deliver` that holds the channel.
 * Locks: the row of engine.channels.
 * Zero rows: never.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { openChannelTicket } from './open-ticket.ts';

/** `isAgain`: the try before this one found the channel unusable, too. */
export async function noteUnusable(
  trx: Transaction<Database>,
  channel: string,
  { why, isAgain }: { why: string; isAgain: boolean },
): Promise<void> {
  await sql`
    UPDATE engine.channels SET unusable_since = coalesce(unusable_since, engine.now()), unusable_reason = ${why}
    WHERE name = ${channel}`.execute(trx);
  if (!isAgain) return;
  await openChannelTicket(trx, channel, {
    title: `The channel ${channel} cannot be used: people are not told through it`,
    description: `A worker could not begin to send: ${why}\n\nMessages for it wait and are tried again every few minutes for a day, then ever more rarely. The ticket ends by itself as soon as a try finds what was missing; \`npx roundsman notify retry ${channel}\` tries at once, and \`npx roundsman notify test ${channel}\` tries it from here.`,
  });
}

export const noteUsable = (trx: Transaction<Database>, channel: string) =>
  sql`
    UPDATE engine.channels SET unusable_since = NULL, unusable_reason = NULL
    WHERE name = ${channel} AND unusable_since IS NOT NULL`.execute(trx);
