import type { Selectable } from 'kysely';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import type { BotTicketEvents } from '../../database/tables.ts';
import { ticketOf } from '../references/ticket.ts';

export interface TicketHistory {
  ticket: TicketRow;
  /** the newest first */
  events: Selectable<BotTicketEvents>[];
  /** the database's time */
  now: Date;
}

/** What happened to a ticket, so many events at most. Throws NotFoundError. */
export async function historyOf(
  db: Db,
  { ticket: given, limit }: { ticket: string; limit: number },
): Promise<TicketHistory> {
  const ticket = await ticketOf(db, given);
  const events = await db
    .selectFrom('bot_ticket_events')
    .selectAll()
    .where('ticket_id', '=', ticket.id)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return { ticket, events, now: await currentTime(db) };
}
