import { printable } from '../../ground/text.ts';
import {
  listFindings as list,
  type FindingRow,
  type Severity,
} from '../../services/findings/list.ts';
import { withDatabase } from '../session/database.ts';
import { json, relative, severity as severityOf, shortId, upTo } from '../terminal/print.ts';
import type { TicketInCharge } from '../../services/findings/list.ts';
import { quietly, type Quiet } from '../silences/words.ts';
import { table } from '../terminal/table.ts';
import { resolvedBy } from './resolution.ts';

type ListedFinding = FindingRow &
  Quiet & { bots: { name: string | null }; ticket: TicketInCharge | null };

const isPlain = (finding: ListedFinding): boolean =>
  !finding.resolved_at && quietly(finding) === null;

/** How it was resolved, or why people are not told of it, for a list. */
const fate = (finding: ListedFinding, now: Date): string =>
  finding.resolved_at
    ? `${resolvedBy(finding.resolution_method)} ${relative(finding.resolved_at, now)}`
    : (quietly(finding) ?? 'open');

/** `T-9`; `T-9, storm` where it stands for more than this finding; `-` where there is none. */
const ticketCell = (ticket: TicketInCharge | null): string =>
  ticket ? `T-${ticket.number}${standings[ticket.stands_for]}` : '-';

const standings = { finding: '', storm: ', storm', suppressor: ', above' } as const;

/** With `bot`, every row names its bot. */
export const findingTable = (
  findings: ListedFinding[],
  now: Date,
  empty: string,
  bot = true,
): void =>
  table(
    [
      'Finding',
      'Severity',
      'Title',
      'Component',
      ...(bot ? ['Bot'] : []),
      'Seen',
      'Times',
      'Ticket',
      'State',
    ],
    findings.map((finding) => [
      shortId(finding.id),
      severityOf(finding.severity),
      printable(finding.title),
      printable(finding.affected_component ?? '-'),
      ...(bot ? [printable(finding.bots.name ?? '-')] : []),
      relative(finding.last_seen_at, now),
      String(finding.occurrences),
      ticketCell(finding.ticket),
      fate(finding, now),
    ]),
    empty,
    ['Component', ...(findings.every(isPlain) ? ['State'] : []), 'Bot', 'Times', 'Seen'],
    ['State'],
  );

export interface FindingsOptions {
  bot?: string;
  severity?: Severity[];
  all?: true;
  resolved?: true;
  limit: number;
  json?: true;
}

export const listFindings = (options: FindingsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, severity } = options;
    const which = options.all ? 'all' : options.resolved ? 'resolved' : 'open';
    const found = await list(db, { bot, severity, which, limit: options.limit + 1 });
    const findings = upTo(found.findings, options.limit);
    if (options.json) return json(findings);
    const empty = bot || severity ? 'No such finding.' : 'Nothing has been found yet.';
    findingTable(
      findings,
      found.now,
      which === 'open' && !bot && !severity
        ? 'No open findings. `npx roundsman status` says whether the checks ran.'
        : empty,
    );
  });
