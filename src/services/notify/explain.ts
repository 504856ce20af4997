import { sql } from 'kysely';
import { currentTime } from '../../data/bots/engine.ts';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { channelsNotPassing, offNamesIn, type NotificationRow } from './list.ts';
import { ticketOf } from '../references/ticket.ts';

/** A row of `bot_ticket_events` with what became of it. */
export interface ExplainedEvent {
  id: string;
  event: string;
  detail: unknown;
  actor: string;
  created_at: Date;
  routed_at: Date | null;
  unsent_reason: string | null;
}

export interface ExplainedTicket {
  ticket: TicketRow;
  events: ExplainedEvent[];
  /** messages about the ticket, the oldest first; `group` is the message about many that stands for it */
  notifications: (NotificationRow & { group: NotificationRow | null })[];
  /** names of the channels that are off */
  off: string[];
  now: Date;
}

/**
 * What people were told of a ticket, through which channels and when, and why they were not told of the rest. Throws
 * NotFoundError.
 */
export async function explainTicket(
  db: Db,
  { ticket: given, limit }: { ticket: string; limit: number },
): Promise<ExplainedTicket> {
  const ticket = await ticketOf(db, given);
  const events = await db
    .selectFrom('bot_ticket_events')
    .select(['id', 'event', 'detail', 'actor', 'created_at', 'routed_at', 'unsent_reason'])
    .where('ticket_id', '=', ticket.id)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  const messages = await db
    .selectFrom('bot_notifications')
    .selectAll()
    .where('ticket_id', '=', ticket.id)
    .orderBy('position', 'desc')
    .limit(limit)
    .execute();
  const groups = await db
    .selectFrom('bot_notifications')
    .selectAll()
    .where('kind', '=', 'group')
    .where(
      'id',
      '=',
      sql<string>`ANY (${messages.flatMap((row) => row.superseded_by ?? [])}::uuid[])`,
    )
    .execute();
  return {
    ticket,
    events: events.toReversed(),
    notifications: messages
      .map((row) => ({ ...row, group: groups.find(({ id }) => id === row.superseded_by) ?? null }))
      .toReversed(),
    off: offNamesIn(await channelsNotPassing(db)),
    now: await currentTime(db),
  };
}
