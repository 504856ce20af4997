import {
  listTickets as query,
  pending,
  type ListedTicket,
  type TicketFilter,
  type TicketRow,
} from '../../data/bots/bot-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';

export type { ListedTicket, TicketRow } from '../../data/bots/bot-tickets.ts';

export interface ListTickets extends Omit<TicketFilter, 'statuses'> {
  status?: TicketRow['status'] | undefined;
  /** those that have ended, too */
  all?: boolean | undefined;
}

/** Tickets, the worst first, then the oldest: those that want something, unless asked for others. */
export async function listTickets(
  db: Db,
  { status, all, ...filter }: ListTickets,
): Promise<{ tickets: ListedTicket[]; now: Date }> {
  const statuses = all ? undefined : status ? [status] : pending;
  const tickets = await query(db, { ...filter, statuses });
  return { tickets, now: await currentTime(db) };
}

/** Whether a person has something to do about it yet. */
export const isPending = ({ status }: Pick<TicketRow, 'status'>): boolean =>
  pending.includes(status);

/** Whether the ticket should have been answered by now. */
export const isOverdue = (ticket: TicketRow, now: Date): boolean =>
  isPending(ticket) &&
  ticket.acknowledged_at === null &&
  ticket.respond_by !== null &&
  ticket.respond_by < now;

/** What a list says of when a ticket has to be answered. */
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
