import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { pendingTicketOf } from '../references/ticket.ts';

/**
 * The ticket, if it is still as a person saw it: a check before something is done about its problem and not to the ticket. Throws
 * NotFoundError, TicketNotPendingError, TicketMergedError, and TicketChangedError, which says who was faster.
 */
export const ticketAsSeen = (
  db: Db,
  { ticket, version, wanted }: { ticket: string; version: number; wanted: string },
): Promise<TicketRow> => pendingTicketOf(db, ticket, wanted, version);
