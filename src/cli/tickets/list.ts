import {
  listTickets as query,
  pending,
  type ListedTicket,
  type TicketRow,
  type TicketStatus,
} from '../../data/bots/bot-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { json, paint, relative, severity, span, state, upTo } from '../terminal/print.ts';
import { quietly } from '../silences/words.ts';
import { table } from '../terminal/table.ts';

/** Whether somebody should have answered by now. */
export const isOverdue = (ticket: TicketRow, now: Date): boolean =>
  pending.includes(ticket.status) &&
  ticket.acknowledged_at === null &&
  ticket.respond_by !== null &&
  ticket.respond_by < now;

/** When somebody should answer, for a list. */
function respond(ticket: TicketRow, now: Date): string {
  if (!pending.includes(ticket.status)) return '-';
  if (ticket.snoozed_until && ticket.snoozed_until > now)
    return `snoozed for ${span(ticket.snoozed_until.getTime() - now.getTime())}`;
  if (ticket.acknowledged_at || !ticket.respond_by) return '-';
  if (!isOverdue(ticket, now)) return relative(ticket.respond_by, now);
  const late = span(now.getTime() - ticket.respond_by.getTime());
  return paint('red', `overdue ${late}`);
}

export function ticketTable(tickets: ListedTicket[], now: Date, empty: string): void {
  // A column for what is rare, only where it is.
  const hushed = tickets.some((ticket) => quietly(ticket) !== null);
  const quiet = (cell: string) => (hushed ? [cell] : []);
  table(
    ['Ticket', 'Severity', 'Title', 'Bot', 'Status', 'With', 'Age', 'Answer', ...quiet('Quiet')],
    tickets.map((ticket) => [
      `T-${ticket.number}`,
      severity(ticket.severity),
      printable(ticket.title),
      printable(ticket.bots.name ?? '-'),
      state(ticket.status),
      printable(ticket.assigned_to ?? '-'),
      ticket.created_at ? span(now.getTime() - ticket.created_at.getTime()) : '-',
      respond(ticket, now),
      ...quiet(quietly(ticket) ?? '-'),
    ]),
    empty,
    ['Bot', 'Status'],
  );
}

export interface TicketsOptions {
  status?: TicketStatus;
  severity?: TicketRow['severity'];
  assignedTo?: string;
  all?: true;
  limit: number;
  json?: true;
}

export const listTickets = (options: TicketsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { severity, assignedTo } = options;
    const statuses = options.all ? undefined : options.status ? [options.status] : pending;
    const filter = { statuses, severity, assignedTo, limit: options.limit + 1 };
    const tickets = upTo(await query(db, filter), options.limit);
    if (options.json) return json(tickets);
    const filtered = severity || assignedTo || options.status;
    ticketTable(
      tickets,
      await currentTime(db),
      filtered
        ? 'No such ticket.'
        : 'No open tickets. `npx roundsman status` says whether anything else needs you.',
    );
  });
