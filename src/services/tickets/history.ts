import type { Selectable } from 'kysely';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { timeOf, type Since } from '../../database/rows/since.ts';
import type { BotTicketEvents } from '../../database/tables.ts';
import { ticketOf } from '../references/ticket.ts';

export interface TicketHistory {
  ticket: TicketRow;
  /** the newest first */
  events: Selectable<BotTicketEvents>[];
  /** how many there are in all; null: very many */
  count: () => Promise<number | null>;
  /** the database's time */
  now: Date;
}

/** What happened to a ticket, ever or since a time: the newest events, `limit` at most. Throws NotFoundError. */
export async function historyOf(
  db: Db,
  { ticket: given, since, limit }: { ticket: string; since?: Since | undefined; limit: number },
): Promise<TicketHistory> {
  const ticket = await ticketOf(db, given);
  const written = db
    .selectFrom('bot_ticket_events')
    .where('ticket_id', '=', ticket.id)
    .$if(since !== undefined, (query) => query.where('created_at', '>=', timeOf(since!)));
  return {
    ticket,
    events: await written.selectAll().orderBy('id', 'desc').limit(limit).execute(),
    count: () => countRows(db, written),
    now: await currentTime(db),
  };
}
