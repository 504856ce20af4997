import { printable } from '../../ground/text.ts';
import {
  isPending,
  listTickets as list,
  responseOf,
  type ListedTicket,
  type TicketOrder,
} from '../../services/tickets/list.ts';
import { unmetName } from '../../services/references/unmet.ts';
import { withDatabase } from '../session/database.ts';
import { counted, json, note, paint, relative, severity, span, state } from '../terminal/print.ts';
import { filterOf, type FilterOptions } from './filters.ts';
import { quietly, type Quiet } from '../silences/words.ts';
import { table } from '../terminal/table.ts';

/** The response target, for a list. */
function respond(ticket: ListedTicket, now: Date): string {
  const response = responseOf(ticket, now);
  switch (response.state) {
    case 'none':
      return '-';
    case 'merged':
      return `in T-${ticket.survivor}`;
    case 'snoozed':
      return response.until
        ? `snoozed for ${span(response.until.getTime() - now.getTime())}`
        : `snoozed, ${counted(response.occurrences, 'more time')}`;
    case 'held':
      return paint('dim', 'held');
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
    ['Bot', 'Status', 'With', 'Reopened', 'Answer'],
    ['Quiet'],
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

export interface TicketsOptions extends FilterOptions {
  sort?: TicketOrder;
  after?: string;
  all?: true;
  merged?: true;
  limit: number;
  json?: true;
}

export const listTickets = (options: TicketsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { limit, sort, json: asJson, all, after, merged } = options;
    const filter = { ...filterOf(options), after, merged };
    const found = await list(db, { ...filter, all, order: sort, limit: limit + 1 });
    const tickets = found.tickets.slice(0, limit);
    if (found.tickets.length > limit)
      note(
        `only the first ${limit}${found.count > limit ? ` of ${found.count}` : ''}; --limit shows more, --after T-${tickets.at(-1)!.number} goes on`,
      );
    if (found.snoozed > 0)
      note(`${leftOut(found.snoozed, 'snoozed')}: \`npx roundsman tickets list --snoozed\``);
    if (found.merged > 0)
      note(`${leftOut(found.merged, 'merged')}: \`npx roundsman tickets list --merged\``);
    const unmet =
      tickets.length === 0 ? await unmetNames(db, { ...filter, assignee: filter.assignedTo }) : [];
    for (const each of unmet) note(each);
    if (asJson) return json(tickets);
    const isNarrowed = Object.values(filter).some((value) => value !== undefined);
    ticketTable(
      tickets,
      found.now,
      isNarrowed
        ? 'No such ticket.'
        : 'No open tickets. `npx roundsman status` says whether anything else needs you.',
    );
  });

/** Names that no row ever had. */
async function unmetNames(
  db: Parameters<typeof unmetName>[0],
  names: Partial<Record<'assignee' | 'component' | 'category', string | undefined>>,
): Promise<string[]> {
  const told = await Promise.all(
    (['assignee', 'component', 'category'] as const).map((kind) =>
      names[kind] === undefined ? null : unmetName(db, kind, names[kind]),
    ),
  );
  return told.filter((each) => each !== null);
}

const leftOut = (count: number, how: 'snoozed' | 'merged'): string =>
  `${counted(count, `${how} ticket`)} ${count === 1 ? 'is' : 'are'} left out`;
