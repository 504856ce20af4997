import { printable } from '../../ground/text.ts';
import {
  isPending,
  listTickets as list,
  responseOf,
  type ListedTicket,
  type TicketRow,
} from '../../services/tickets/list.ts';
import { unmetName } from '../../services/references/unmet.ts';
import { withDatabase } from '../session/database.ts';
import {
  counted,
  json,
  note,
  paint,
  relative,
  severity,
  span,
  state,
  upTo,
} from '../terminal/print.ts';
import { quietly, type Quiet } from '../silences/words.ts';
import { table } from '../terminal/table.ts';

/** The response target, for a list. */
function respond(ticket: TicketRow, now: Date): string {
  const response = responseOf(ticket, now);
  switch (response.state) {
    case 'none':
      return '-';
    case 'snoozed':
      return response.until
        ? `snoozed for ${span(response.until.getTime() - now.getTime())}`
        : `snoozed, ${counted(response.occurrences, 'more time')}`;
    case 'due':
      return relative(response.at, now);
    case 'overdue':
      return paint('red', `overdue ${span(now.getTime() - response.at.getTime())}`);
  }
}

export function ticketTable(tickets: ListedTicket[], now: Date, empty: string): void {
  // Columns for rare values, shown only where there is one.
  const quiet = quietColumn(tickets);
  const again = reopenedColumn(tickets, now);
  table(
    [
      'Ticket',
      'Severity',
      'Title',
      'Bot',
      'Status',
      ...again.head,
      'With',
      'Age',
      'Answer',
      ...quiet.head,
    ],
    tickets.map((ticket) => [
      `T-${ticket.number}`,
      severity(ticket.severity),
      printable(ticket.title),
      printable(ticket.bots.name ?? '-'),
      state(ticket.status),
      ...again.cell(ticket),
      printable(ticket.assigned_to ?? '-'),
      ticket.created_at ? span(now.getTime() - ticket.created_at.getTime()) : '-',
      respond(ticket, now),
      ...quiet.cell(ticket),
    ]),
    empty,
    ['Bot', 'Age'],
  );
}

/** Why people are not told of tickets: a column only where one is silenced or suppressed. */
export function quietColumn(tickets: Quiet[]) {
  const any = tickets.some((ticket) => quietly(ticket) !== null);
  return {
    head: any ? ['Quiet'] : [],
    cell: (ticket: Quiet) => (any ? [quietly(ticket) ?? '-'] : []),
  };
}

type Reopenable = Pick<ListedTicket, 'status' | 'reopened_at'>;

/** When pending tickets were reopened: a column only where one was. */
export function reopenedColumn(tickets: Reopenable[], now: Date) {
  const at = (ticket: Reopenable) => (isPending(ticket) ? ticket.reopened_at : null);
  const any = tickets.some((ticket) => at(ticket) !== null);
  return {
    head: any ? ['Reopened'] : [],
    cell: (ticket: Reopenable) => (any ? [relative(at(ticket), now)] : []),
  };
}

export interface TicketsOptions {
  status?: TicketRow['status'][];
  severity?: TicketRow['severity'][];
  assignedTo?: string;
  all?: true;
  snoozed?: true;
  limit: number;
  json?: true;
}

export const listTickets = (options: TicketsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { severity, assignedTo, status, all, snoozed } = options;
    const filter = { status, all, snoozed, severity, assignedTo, limit: options.limit + 1 };
    const { now, ...found } = await list(db, filter);
    const tickets = upTo(found.tickets, options.limit);
    const unmet =
      assignedTo && tickets.length === 0 && (await unmetName(db, 'assignee', assignedTo));
    if (unmet) note(unmet);
    if (found.snoozed > 0)
      note(`${leftOut(found.snoozed)}: \`npx roundsman tickets list --snoozed\``);
    if (options.json) return json(tickets);
    const filtered = severity || assignedTo || options.status || snoozed;
    ticketTable(
      tickets,
      now,
      filtered
        ? 'No such ticket.'
        : 'No open tickets. `npx roundsman status` says whether anything else needs you.',
    );
  });

const leftOut = (count: number): string =>
  `${counted(count, 'snoozed ticket')} ${count === 1 ? 'is' : 'are'} left out`;
