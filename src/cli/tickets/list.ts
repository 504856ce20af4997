import { printable } from '../../ground/text.ts';
import {
  isPending,
  listTickets as read,
  responseOf,
  type ListedTicket,
  type TicketOrder,
} from '../../services/tickets/list.ts';
import { unknownNameInWords } from '../../services/references/unknown-name.ts';
import { withDatabase } from '../session/database.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, printPart, type Column } from '../listing/list.ts';
import { afterwards, counted, paint, relative, severity, state } from '../terminal/print.ts';
import { age, time } from '../terminal/times.ts';
import { filterOf, type FilterOptions } from './filters.ts';
import { quietInWords, type Quiet } from '../silences/words.ts';

/** The response target, for a list. */
function responseInWords(ticket: ListedTicket, now: Date): string | null {
  const response = responseOf(ticket, now);
  switch (response.state) {
    case 'none':
      return null;
    case 'merged':
      return `in T-${ticket.survivor}`;
    case 'snoozed':
      return response.until
        ? `snoozed for ${age(response.until, now)}`
        : `snoozed, ${counted(response.occurrences, 'more time')}`;
    case 'held':
      return paint('dim', 'held');
    case 'due':
      return relative(response.at, now);
    case 'overdue':
      return paint('red', `overdue ${age(response.at, now)}`);
  }
}

/** For programs: what {@link responseInWords} says, beside `respond_by`, which does not change while the clock is stopped. */
const responseColumns = (now: Date): Column<ListedTicket>[] => {
  const snoozeOf = (ticket: ListedTicket) => {
    const response = responseOf(ticket, now);
    return response.state === 'snoozed' ? response : null;
  };
  return [
    {
      name: 'response',
      head: 'Response',
      cell(ticket) {
        const { state: response } = responseOf(ticket, now);
        return response === 'none' ? null : response;
      },
      onlyForPrograms: true,
    },
    {
      name: 'snoozed_until',
      head: 'Snoozed until',
      cell(ticket) {
        const until = snoozeOf(ticket)?.until;
        return until ? time(until, now) : null;
      },
      onlyForPrograms: true,
    },
    {
      name: 'snoozed_times_left',
      head: 'More times',
      cell(ticket) {
        const snooze = snoozeOf(ticket);
        return snooze && !snooze.until ? String(snooze.occurrences) : null;
      },
      onlyForPrograms: true,
    },
    {
      name: 'survivor',
      head: 'Merged into',
      cell: ({ survivor }) => survivor && `T-${survivor}`,
      onlyForPrograms: true,
    },
  ];
};

const columns = (now: Date): Column<ListedTicket>[] => [
  { name: 'number', head: 'Ticket', cell: ({ number }) => `T-${number}` },
  { name: 'severity', head: 'Severity', cell: (ticket) => severity(ticket.severity) },
  { name: 'title', head: 'Title', cell: ({ title }) => printable(title) },
  { name: 'bot', head: 'Bot', cell: ({ bots: { name } }) => name && printable(name) },
  { name: 'status', head: 'Status', cell: ({ status }) => state(status) },
  {
    name: 'reopened_at',
    head: 'Reopened',
    cell: (ticket) =>
      isPending(ticket) && ticket.reopened_at ? relative(ticket.reopened_at, now) : null,
    hiddenWhenEmpty: true,
  },
  {
    name: 'assigned_to',
    head: 'With',
    cell: (ticket) => ticket.assigned_to && printable(ticket.assigned_to),
  },
  {
    name: 'created_at',
    head: 'Age',
    cell: ({ created_at }) => created_at && age(created_at, now),
    cellForPrograms: ({ created_at }) => created_at && time(created_at, now),
  },
  {
    name: 'respond_by',
    head: 'Answer',
    cell: (ticket) => responseInWords(ticket, now),
    cellForPrograms: ({ respond_by }) => respond_by && time(respond_by, now),
  },
  // Why people are not told of it.
  {
    name: 'quiet',
    head: 'Quiet',
    cell: (ticket: Quiet) => quietInWords(ticket),
    hiddenWhenEmpty: true,
  },
  ...responseColumns(now),
];

const layout = {
  dropWhenNarrow: ['bot', 'status', 'assigned_to', 'reopened_at', 'respond_by'],
  neverCut: ['quiet'],
};

/** Prints tickets as a part of a screen, with the columns that a round shows. */
export const roundTickets = (
  tickets: Omit<ListedTicket, 'bots'>[],
  now: Date,
  empty: string,
): void => {
  const named = new Map(columns(now).map((column) => [column.name, column]));
  const shown = ['number', 'severity', 'reopened_at', 'assigned_to', 'title', 'quiet'];
  printPart({
    rows: tickets.map((ticket) => ({ ...ticket, bots: { name: null } })),
    columns: shown.map((name) => ({
      ...named.get(name)!,
      ...(name === 'title' && { head: 'About' }),
    })),
    empty,
  });
};

/** Tickets as a part of a screen. */
export const ticketTable = (tickets: ListedTicket[], now: Date, empty: string): void =>
  printPart({ ...layout, rows: tickets, columns: columns(now), empty });

export interface TicketsOptions extends FilterOptions, Omit<ListOptions, 'sort'> {
  sort?: TicketOrder;
  after?: string;
  all?: true;
  merged?: true;
  limit: number;
}

export const listTickets = (options: TicketsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { sort, ...others } = options;
    const { limit, all, after, merged } = options;
    const filter = { ...filterOf(options), after, merged };
    const found = await read(db, { ...filter, all, order: sort, limit: limit + 1 });
    const { tickets } = found;
    const warnings =
      tickets.length === 0
        ? await unknownNames(db, { ...filter, assignee: filter.assignedTo })
        : [];
    const notes = [
      ...(found.snoozed > 0 ? [snoozedLeftOut(found.snoozed)] : []),
      ...(found.merged > 0
        ? [`${leftOutInWords(found.merged, 'merged')}: \`npx roundsman tickets list --merged\``]
        : []),
      ...warnings,
    ];
    const isNarrowed = Object.values(filter).some((value) => value !== undefined);
    await list({
      ...layout,
      options: others,
      rows: tickets,
      columns: columns(found.now),
      count: found.count,
      more: (last) => `--limit shows more, --after T-${last.number} goes on`,
      empty: isNarrowed
        ? 'No such ticket.'
        : 'No open tickets. `npx roundsman status` says whether anything else needs you.',
    });
    for (const each of notes) afterwards(each);
  });

/** Names that no row ever had. */
export async function unknownNames(
  db: Parameters<typeof unknownNameInWords>[0],
  names: Partial<Record<'assignee' | 'component' | 'category', string | undefined>>,
): Promise<string[]> {
  const warnings = await Promise.all(
    (['assignee', 'component', 'category'] as const).map((kind) =>
      names[kind] === undefined ? null : unknownNameInWords(db, kind, names[kind]),
    ),
  );
  return warnings.filter((each) => each !== null);
}

/** `1 snoozed ticket is left out`, with the command that lists it */
export const snoozedLeftOut = (count: number): string =>
  `${leftOutInWords(count, 'snoozed')}: \`npx roundsman tickets list --snoozed\``;

const leftOutInWords = (count: number, how: 'snoozed' | 'merged'): string =>
  `${counted(count, `${how} ticket`)} ${count === 1 ? 'is' : 'are'} left out`;
