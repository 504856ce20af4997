import {
  listTickets as query,
  pending,
  type ListedTicket,
  type TicketFilter,
  type TicketRow,
} from '../../data/bots/bot-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';

export { isStorm } from '../../data/bots/pending-tickets.ts';
export type { ListedTicket, TicketRow } from '../../data/bots/bot-tickets.ts';

export interface ListTickets extends Omit<TicketFilter, 'statuses'> {
  status?: TicketRow['status'] | readonly TicketRow['status'][] | undefined;
  /** also tickets that have ended */
  all?: boolean | undefined;
}

/** Tickets, the worst first, then the most overdue: those that need something, unless the request names others. */
export async function listTickets(
  db: Db,
  { status, all, ...filter }: ListTickets,
): Promise<{ tickets: ListedTicket[]; now: Date }> {
  const statuses = all ? undefined : status ? [status].flat() : pending;
  const tickets = await query(db, { ...filter, statuses });
  return { tickets, now: await currentTime(db) };
}

/** Whether a person still has something to do about it. */
export const isPending = ({ status }: Pick<TicketRow, 'status'>): boolean =>
  pending.includes(status);

/** Whether the ticket is past its response target. */
export const isOverdue = (ticket: TicketRow, now: Date): boolean =>
  isPending(ticket) &&
  ticket.acknowledged_at === null &&
  ticket.respond_by !== null &&
  ticket.respond_by < now;

/** What a list shows about the response target of a ticket. */
export type Response =
  | { state: 'none' }
  | { state: 'snoozed'; until: Date }
  | { state: 'due' | 'overdue'; at: Date };

export function responseOf(ticket: TicketRow, now: Date): Response {
  if (!isPending(ticket)) return { state: 'none' };
  if (ticket.snoozed_until && ticket.snoozed_until > now)
    return { state: 'snoozed', until: ticket.snoozed_until };
  if (ticket.acknowledged_at || !ticket.respond_by) return { state: 'none' };
  return { state: isOverdue(ticket, now) ? 'overdue' : 'due', at: ticket.respond_by };
}
