import { printable } from '../../ground/text.ts';
import {
  listFindings as read,
  type FindingRow,
  type Severity,
} from '../../services/findings/list.ts';
import { withDatabase } from '../session/database.ts';
import type { Moment } from '../../services/bots/backfill.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { isTable, list, printPart, type Column } from '../listing/list.ts';
import { relative, severity as severityOf, shortId, time } from '../terminal/print.ts';
import type { StandingTicket } from '../../services/findings/list.ts';
import { quietInWords, type Quiet } from '../silences/words.ts';
import { printNewPerDay } from './new-per-day.ts';
import { methodForList } from './resolution.ts';

/** `bots` is the finding's bot, named as its table is. */
type ListedFinding = FindingRow &
  Quiet & { bots: { name: string | null }; ticket: StandingTicket | null };

const isPlain = (finding: ListedFinding): boolean =>
  !finding.resolved_at && quietInWords(finding) === null;

/** How a finding was resolved, or why people are not told of it. */
const stateInWords = (finding: ListedFinding, now: Date): string =>
  finding.resolved_at
    ? `${methodForList(finding.resolution_method)} ${relative(finding.resolved_at, now)}`
    : (quietInWords(finding) ?? 'open');

/** `T-9`; `T-9, storm` where it stands for more than this finding; null where there is none. */
const ticketCell = (ticket: StandingTicket | null): string | null =>
  ticket && `T-${ticket.number}${ticketSuffixes[ticket.stands_for]}`;

const ticketSuffixes = { finding: '', storm: ', storm', suppressor: ', above' } as const;

const columns = (now: Date): Column<ListedFinding>[] => [
  { name: 'id', head: 'Finding', cell: ({ id }) => shortId(id) },
  { name: 'severity', head: 'Severity', cell: ({ severity }) => severityOf(severity) },
  { name: 'title', head: 'Title', cell: ({ title }) => printable(title) },
  {
    name: 'affected_component',
    head: 'Component',
    cell: ({ affected_component: component }) => component && printable(component),
  },
  { name: 'bot', head: 'Bot', cell: ({ bots: { name } }) => name && printable(name) },
  { name: 'last_seen_at', head: 'Seen', cell: ({ last_seen_at }) => relative(last_seen_at, now) },
  { name: 'occurrences', head: 'Times', cell: ({ occurrences }) => String(occurrences) },
  {
    name: 'ticket',
    head: 'Ticket',
    cell: ({ ticket }) => ticketCell(ticket),
    cellForPrograms: ({ ticket }) => ticket && `T-${ticket.number}`,
  },
  {
    name: 'state',
    head: 'State',
    cell: (finding) => stateInWords(finding, now),
    cellForPrograms: (finding) =>
      finding.resolved_at ? methodForList(finding.resolution_method) : stateInWords(finding, now),
  },
  {
    name: 'resolved_at',
    head: 'Resolved',
    cell: ({ resolved_at }) => resolved_at && time(resolved_at, now),
    onlyForPrograms: true,
  },
  {
    name: 'ticket_stands_for',
    head: 'Ticket stands for',
    cell: ({ ticket }) => ticket && ticket.stands_for,
    onlyForPrograms: true,
  },
];

/** What a narrow terminal may leave out: the state only where all findings have the same. */
const layoutOf = (findings: ListedFinding[]) => ({
  dropWhenNarrow: [
    'affected_component',
    ...(findings.every(isPlain) ? ['state'] : []),
    'bot',
    'occurrences',
    'last_seen_at',
  ],
  neverCut: ['state'],
});

/** Findings of one bot, as a part of a screen. */
export const findingTable = (findings: ListedFinding[], now: Date, empty: string): void =>
  printPart({
    ...layoutOf(findings),
    rows: findings,
    columns: columns(now).filter(({ name }) => name !== 'bot'),
    empty,
  });

export interface FindingsOptions extends ListOptions {
  bot?: string;
  severity?: Severity[];
  all?: true;
  resolved?: true;
  since?: Moment;
  limit: number;
}

export const listFindings = (options: FindingsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, severity, since, limit } = options;
    const which = options.all ? 'all' : options.resolved ? 'resolved' : 'open';
    const filter = { bot, severity, which, since, limit: limit + 1 } as const;
    const { findings, now, count } = await read(db, filter);
    const isNarrowed = bot !== undefined || severity || since !== undefined;
    await list({
      ...layoutOf(findings.slice(0, limit)),
      options,
      rows: findings,
      columns: columns(now),
      count,
      empty: isNarrowed
        ? 'No such finding.'
        : which === 'open'
          ? 'No open findings. `npx roundsman status` says whether the checks ran.'
          : 'Nothing has been found yet.',
    });
    if (isTable(options)) await printNewPerDay(db, options);
  });
