import {
  countTickets,
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
  /** also tickets that have ended, and those that are snoozed */
  all?: boolean | undefined;
  /** only those that are snoozed: without it they are left out */
  snoozed?: boolean | undefined;
}

export interface TicketList {
  tickets: ListedTicket[];
  /** how many are left out because they are snoozed */
  snoozed: number;
  /** the database's time */
  now: Date;
}

/** Tickets, the worst first, then the most overdue: those that need something, unless the request names others. */
export async function listTickets(
  db: Db,
  { status, all, snoozed, ...filter }: ListTickets,
): Promise<TicketList> {
  const statuses = all ? undefined : status ? [status].flat() : pending;
  const wanted = all ? undefined : (snoozed ?? false);
  const tickets = await query(db, { ...filter, statuses, snoozed: wanted });
  const left =
    wanted === false ? await countTickets(db, { ...filter, statuses, snoozed: true }) : 0;
  return { tickets, snoozed: left, now: await currentTime(db) };
}

/** Whether a person still has something to do about it. */
export const isPending = ({ status }: Pick<TicketRow, 'status'>): boolean =>
  pending.includes(status);

type Snoozable = Pick<
  TicketRow,
  'status' | 'snoozed_at' | 'snoozed_until' | 'snoozed_occurrences' | 'woken_at'
>;

/** Whether a person has it wait, and nothing has woken it (`isSnoozed` in src/data/bots/pending-tickets.ts). */
export function isSnoozed(ticket: Snoozable, now: Date): boolean {
  const { snoozed_at, snoozed_until, snoozed_occurrences, woken_at } = ticket;
  if (!isPending(ticket) || (woken_at && !(snoozed_at && woken_at < snoozed_at))) return false;
  return snoozed_until ? snoozed_until > now : snoozed_occurrences !== null;
}

/** Whether the ticket is past its response target. */
export const isOverdue = (ticket: TicketRow, now: Date): boolean =>
  isPending(ticket) &&
  !isSnoozed(ticket, now) &&
  ticket.acknowledged_at === null &&
  ticket.respond_by !== null &&
  ticket.respond_by < now;

/** What a list shows about the response target of a ticket. */
export type Response =
  | { state: 'none' }
  | { state: 'snoozed'; until: Date | null; occurrences: number }
  | { state: 'due' | 'overdue'; at: Date };

export function responseOf(ticket: TicketRow, now: Date): Response {
  if (!isPending(ticket)) return { state: 'none' };
  if (isSnoozed(ticket, now)) {
    const occurrences = Math.max(1, (ticket.snoozed_occurrences ?? 0) - ticket.snooze_seen);
    return { state: 'snoozed', until: ticket.snoozed_until, occurrences };
  }
  if (ticket.acknowledged_at || !ticket.respond_by) return { state: 'none' };
  return { state: isOverdue(ticket, now) ? 'overdue' : 'due', at: ticket.respond_by };
}
