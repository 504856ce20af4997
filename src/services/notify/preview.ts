import { randomUUID } from 'node:crypto';
import type { Db } from '../../database/connect.ts';
import { messageOf } from '../../ground/errors.ts';
import { eventFacts, ticketFacts } from '../../notify/delivery/facts.ts';
import { isTold } from '../../notify/ticket-events.ts';
import { ticketOf } from '../references/ticket.ts';
import { channelsNamed } from './channels.ts';

export interface Preview {
  channel: string;
  kind: string;
  text: string;
}

/** How many of the newest events the message shows here. */
const maxEvents = 10;

/** How a message about the ticket would look now, for each channel. Opens no secret and asks no other system. */
export async function previewTicket(
  db: Db,
  { ticket: given, channel }: { ticket: string; channel?: string | undefined },
): Promise<Preview[]> {
  const { id } = await ticketOf(db, given);
  const { channels } = await channelsNamed(db, channel);
  const ticket = (await ticketFacts(db, id))!;
  const newest = await db
    .selectFrom('bot_ticket_events')
    .select(['id', 'event'])
    .where('ticket_id', '=', id)
    .orderBy('id', 'desc')
    .limit(100)
    .execute();
  const told = newest.filter(({ event }) => isTold(event)).slice(0, maxEvents);
  const events = await eventFacts(
    db,
    told.map((event) => event.id),
  );
  const message = { kind: 'ticket', id: randomUUID(), repeats: 0, ticket, events } as const;
  return channels.map(({ name, channel: { kind, preview }, config }) => {
    try {
      return { channel: name, kind, text: preview(message, config) };
    } catch (error) {
      return { channel: name, kind, text: `cannot be shown: ${messageOf(error)}` };
    }
  });
}
