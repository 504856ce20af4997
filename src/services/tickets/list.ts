import { pending, type ListedTicket, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import {
  listAndCountTickets,
  type TicketFilter,
  type TicketMatch,
} from '../../data/bots/ticket-list.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';
import { ticketOf } from '../references/ticket.ts';

export { isStorm } from '../../data/bots/pending-tickets.ts';
export type { ListedTicket, TicketRow } from '../../data/bots/bot-tickets.ts';

export type { TicketOrder } from '../../data/bots/ticket-list.ts';

export interface ListTickets extends Omit<
  TicketFilter,
  'statuses' | 'botId' | 'after' | 'since' | 'sinceSeconds' | 'merged'
> {
  status?: TicketRow['status'] | readonly TicketRow['status'][] | undefined;
  /** also tickets that have ended, and those that are snoozed or merged */
  all?: boolean | undefined;
  /** only those that are snoozed: without it they are left out */
  snoozed?: boolean | undefined;
  /** only those that are merged into others: without it they are left out */
  merged?: true | undefined;
  /** by name or id */
  bot?: string | undefined;
  /** a ticket, as T-42: only those that come after it */
  after?: string | undefined;
  /** only tickets opened since that time, or in the last so many seconds */
  since?: Date | { secondsAgo: number } | undefined;
}

export interface TicketList {
  tickets: ListedTicket[];
  /** how many there are, whatever `limit` and `after` */
  count: number;
  /** how many more are left out because they are snoozed, or merged into others */
  snoozed: number;
  merged: number;
  /** the database's time */
  now: Date;
}

/**
 * Tickets, the worst first and of equally severe ones the most overdue, or in another order. Without a status in the request
 * these are the pending ones. Throws NotFoundError for a bot, or a ticket to begin after, that does not exist.
 */
export async function listTickets(
  db: Db,
  { snoozed, after, order, limit, ...which }: ListTickets,
): Promise<TicketList> {
  const { all, merged } = which;
  const match = await matchOf(db, which);
  const wanted = {
    ...match,
    snoozed: all || merged ? undefined : (snoozed ?? false),
    merged: all ? undefined : (merged ?? false),
  };
  const from = after === undefined ? undefined : (await ticketOf(db, after)).id;
  const { tickets, counts } = await listAndCountTickets(
    db,
    { ...wanted, order, limit, after: from },
    {
      count: { snoozed: wanted.snoozed, merged: wanted.merged },
      snoozed: { snoozed: true, merged: false },
      merged: { merged: true },
    },
  );
  return {
    tickets,
    count: counts.count,
    snoozed: wanted.snoozed === false ? counts.snoozed : 0,
    merged: wanted.merged === false && !snoozed ? counts.merged : 0,
    now: await currentTime(db),
  };
}

/** The part of a list's filter that selects tickets, without whether they are snoozed or merged. Throws NotFoundError for a bot. */
export async function matchOf(
  db: Db,
  {
    status,
    all,
    bot,
    since,
    merged: _,
    ...rest
  }: Omit<ListTickets, 'order' | 'limit' | 'after' | 'snoozed'>,
): Promise<TicketMatch> {
  return {
    ...rest,
    statuses: all ? undefined : status ? [status].flat() : pending,
    botId: bot === undefined ? undefined : (await botOf(db, bot)).id,
    ...(since instanceof Date ? { since } : since && { sinceSeconds: since.secondsAgo }),
  };
}

/** Whether a person still has something to do about it. */
export const isPending = ({ status }: Pick<TicketRow, 'status'>): boolean =>
  pending.includes(status);

/** Whether another ticket stands for it (`isMerged` in src/data/bots/pending-tickets.ts). */
export const isMerged = (ticket: Pick<TicketRow, 'status' | 'merged_into'>): boolean =>
  isPending(ticket) && ticket.merged_into !== null;

type Snoozable = Pick<
  TicketRow,
  'status' | 'snoozed_at' | 'snoozed_until' | 'snoozed_occurrences' | 'woken_at'
>;

/** Whether a person makes it wait, and nothing has woken it (`isSnoozed` in src/data/bots/pending-tickets.ts). */
export function isSnoozed(ticket: Snoozable, now: Date): boolean {
  const { snoozed_at, snoozed_until, snoozed_occurrences, woken_at } = ticket;
  if (!isPending(ticket) || (woken_at && !(snoozed_at && woken_at < snoozed_at))) return false;
  return snoozed_until ? snoozed_until > now : snoozed_occurrences !== null;
}

/** Whether the ticket is past its response target; while maintenance covers it, its clock stands still. */
export const isOverdue = (
  ticket: TicketRow & { bot_maintenance?: unknown[] },
  now: Date,
): boolean =>
  isPending(ticket) &&
  !isMerged(ticket) &&
  !ticket.bot_maintenance?.length &&
  !isSnoozed(ticket, now) &&
  ticket.acknowledged_at === null &&
  ticket.respond_by !== null &&
  ticket.respond_by < now;

/** What a list shows about the response target of a ticket. */
export type ResponseState =
  | { state: 'none' }
  | { state: 'merged' }
  /** maintenance covers it, and its clock stands still */
  | { state: 'held' }
  | { state: 'snoozed'; until: Date | null; occurrences: number }
  | { state: 'due' | 'overdue'; at: Date };

export function responseOf(
  ticket: TicketRow & { bot_maintenance?: unknown[] },
  now: Date,
): ResponseState {
  if (!isPending(ticket)) return { state: 'none' };
  if (isMerged(ticket)) return { state: 'merged' };
  if (isSnoozed(ticket, now)) {
    const occurrences = Math.max(1, (ticket.snoozed_occurrences ?? 0) - ticket.snooze_seen);
    return { state: 'snoozed', until: ticket.snoozed_until, occurrences };
  }
  if (ticket.acknowledged_at || !ticket.respond_by) return { state: 'none' };
  if (ticket.bot_maintenance?.length) return { state: 'held' };
  return { state: isOverdue(ticket, now) ? 'overdue' : 'due', at: ticket.respond_by };
}
