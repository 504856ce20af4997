import { printable } from '../../ground/text.ts';
import { isOverdue, isPending, isStorm, type ListedTicket } from '../../services/tickets/list.ts';
import {
  isAsked,
  showTicket as read,
  type ListedDecision,
  type ShownTicket as Shown,
  type Suggestion,
} from '../../services/tickets/show.ts';
import { actionTable } from '../actions/table.ts';
import { withDatabase } from '../session/database.ts';
import { decisionTable } from '../decisions/table.ts';
import * as print from '../terminal/print.ts';
import { heldBackBy } from '../maintenance/words.ts';
import { silencedBy, suppressedBehind } from '../silences/words.ts';
import { table } from '../terminal/table.ts';
import { eventTable } from './events.ts';
import { nextInWords } from './next.ts';
import { snoozedInWords } from './snooze.ts';

export const showTicket = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const shown = await read(db, { ticket: given });
    const { ticket, finding, actions, decisions, events, storm, merged, escalation } = shown;
    if (options.json)
      return print.json({
        ...ticket,
        bot_findings: finding ?? null,
        bot_actions: actions,
        bot_decisions: decisions,
        bot_ticket_events: events,
        merged,
        next_escalation: escalation?.next ?? null,
        ...(storm && { storm_findings: storm.findings }),
      });

    printTicket(shown);
    printMerged(shown);
    if (isStorm(ticket)) printStorm(shown);
    else printProblem(shown);
    print.section('History');
    eventTable(events);
  });

/** What ends with this ticket. */
function printMerged({ merged, now }: Shown): void {
  if (merged.length === 0) return;
  print.section(`Stands for ${print.counted(merged.length, 'ticket')} merged into it`);
  table(
    ['Ticket', 'Severity', 'Title', 'Age'],
    merged.map(({ number, severity, title, created_at }) => [
      `T-${number}`,
      print.severity(severity),
      printable(title),
      created_at ? print.span(now.getTime() - created_at.getTime()) : '-',
    ]),
    '',
  );
}

/** Into which ticket it is merged, or was when it ended; null where into none. */
function mergedInWords(ticket: ListedTicket): string | null {
  const { survivor } = ticket;
  if (survivor === null) return null;
  return isPending(ticket)
    ? `into T-${survivor}, which stands for both: \`npx roundsman tickets show T-${survivor}\``
    : `into T-${survivor} when it ended`;
}

/** What is known of a single problem. */
function printProblem(shown: Shown): void {
  const { ticket, finding, actions, decisions, suggestions, canApprove, canChange, now } = shown;
  if (ticket.metadata !== null) {
    print.section('Evidence');
    print.prose(JSON.stringify(ticket.metadata, null, 2));
  }
  print.section('Attempts');
  actionTable(actions, now, 'Nothing was tried.');
  print.section('Decisions');
  decisionTable(decisions, now, 'None: no run has come to it, or no known entry matches.');
  printKnown(suggestions, decisions);
  if (canApprove)
    print.say(
      `\n\`npx roundsman tickets approve T-${ticket.number}\` has it done, \`npx roundsman tickets reject T-${ticket.number}\` does not.`,
    );
  for (const { name, answer } of canChange)
    print.say(
      answer === 'approved'
        ? `\n\`npx roundsman tickets reject T-${ticket.number} ${printable(name)}\` takes the approval back while it waits.`
        : `\n\`npx roundsman tickets approve T-${ticket.number} ${printable(name)}\` approves it after all.`,
    );
  if (finding && finding.resolved_at === null)
    print.say(
      `\nWhy, and what would happen now: \`npx roundsman tickets explain T-${ticket.number}\``,
    );
}

/** What a storm's ticket stands for, while it lasts. */
function printStorm({ ticket, storm, now }: Shown): void {
  if (!storm) return;
  const { findings, count } = storm;
  print.section(`Stands for ${print.counted(count, 'open finding')}`);
  table(
    ['Finding', 'Severity', 'Title', 'Component', 'Seen', 'Own ticket'],
    findings.map((finding) => [
      print.shortId(finding.id),
      print.severity(finding.severity),
      printable(finding.title),
      printable(finding.affected_component ?? '-'),
      print.relative(finding.last_seen_at, now),
      finding.ticket?.stands_for === 'finding'
        ? `T-${finding.ticket.merged ?? finding.ticket.number}`
        : '-',
    ]),
    "None is left: the end of the bot's next run resolves it.",
    ['Seen', 'Component'],
  );
  if (count > findings.length)
    print.say(
      `and ${count - findings.length} more: \`npx roundsman findings list --bot ${printable(ticket.bots.name ?? '-')} --limit ${count}\``,
    );
}

/** `assigned to ann`, `resolved by bob (was assigned to ann)` */
function standing(ticket: ListedTicket): string {
  const { status, assigned_to, resolved_by } = ticket;
  const to = assigned_to && printable(assigned_to);
  if (isPending(ticket)) return `${print.state(status)}${to ? ` to ${to}` : ''}`;
  const by = resolved_by
    ? `${status === 'closed' ? ', resolved' : ''} by ${printable(resolved_by)}`
    : '';
  return `${print.state(status)}${by}${to ? ` (was assigned to ${to})` : ''}`;
}

function printTicket({ ticket, cure, partOf, escalation, now }: Shown): void {
  const { number, severity, title, finding_id } = ticket;
  print.say(
    `${print.paint('bold', `T-${number}`)}  ${print.severity(severity)}  ${print.paint('bold', printable(title))}`,
  );
  if (ticket.description !== title) print.prose(ticket.description);
  print.say();
  const overdue = isOverdue(ticket, now) ? ` ${print.paint('red', 'overdue')}` : '';
  const isOver = ticket.resolved_at !== null;
  print.facts([
    ['Status', standing(ticket)],
    ['Severity', rated(ticket)],
    ['Bot', printable(ticket.bots.name ?? '-')],
    ['Finding', finding_id && `\`npx roundsman findings show ${print.shortId(finding_id)}\``],
    ['Storm', stormIn(ticket, partOf)],
    ['Opened', print.moment(ticket.created_at, now)],
    ['Reopened', print.moment(ticket.reopened_at, now)],
    ['Times', String(ticket.occurrences)],
    [
      'Answer by',
      ticket.respond_by && !isOver ? `${print.moment(ticket.respond_by, now)}${overdue}` : null,
    ],
    ['Acknowledged', acknowledged(ticket, now)],
    ['Next', nextInWords(escalation, now)],
    [
      'Kept open',
      isPending(ticket) && ticket.reopened_by
        ? `by ${printable(ticket.reopened_by)}, when its problem was gone: a person ends it`
        : null,
    ],
    ['Merged', mergedInWords(ticket)],
    ['Snoozed', snoozedInWords(ticket, now)],
    ['Silenced', silencedBy(ticket)],
    ['Maintenance', heldBackBy(ticket.bot_maintenance)],
    ['Behind', suppressedBehind(ticket)],
    ['Resolved', print.moment(ticket.resolved_at, now)],
    ['Cured by', cure && printable(cure)],
    ['Notes', isOver && ticket.resolution_notes ? printable(ticket.resolution_notes) : null],
    ['Id', ticket.id],
  ]);
}

/** Who said that it is so severe, and why, and what runs find; null where no person has. */
const rated = ({ severity, severity_override_by: by, ...said }: ListedTicket): string | null =>
  by === null
    ? null
    : `${severity}, as ${by === 'policy' ? 'the policy' : printable(by)} said: ${printable(said.severity_override_reason ?? '')} (runs find ${said.severity_found})`;

function acknowledged({ acknowledged_at, acknowledged_by: by }: ListedTicket, now: Date) {
  const at = print.moment(acknowledged_at, now);
  return at && by ? `by ${printable(by)}, ${at}` : at;
}

/** Of a storm's ticket: how much is broken now, and was at most. Of another one: which storm its problem is a part of. */
function stormIn(ticket: ListedTicket, partOf: string | null): string | null {
  if (!isStorm(ticket))
    return (
      partOf &&
      `T-${partOf} stands for all that is broken at its bot: \`npx roundsman tickets show T-${partOf}\``
    );
  const { storm } = (ticket.metadata ?? {}) as { storm?: Record<string, unknown> };
  const { broken, of, most } = storm ?? {};
  if (typeof broken !== 'number') return 'how much is broken is not known';
  const known = typeof of === 'number' ? ` of ${print.counted(of, 'component')}` : ' components';
  const before = typeof most === 'number' && most > broken ? `, ${most} at most` : '';
  return `${broken}${known} broken ${isPending(ticket) ? 'now' : 'when it ended'}${before}`;
}

/** What is known about the problem, each entry once: suggestions first, with the command to carry them out. */
function printKnown(suggestions: Suggestion[], decisions: ListedDecision[]): void {
  const asked = suggestions.filter(isAsked);
  for (const { name, solution } of asked) printEntry('Suggested', name, solution);
  const told = new Set(asked.map(({ name }) => name));
  for (const decision of decisions) {
    const { name, solution } = decision.bot_knowledge ?? {};
    if (!name || told.has(name)) continue;
    told.add(name);
    // The attempts show what became of it; older decisions say nothing about the present.
    if (decision.verdict === 'applied') continue;
    const suggestion = suggestions.find((each) => each.name === name);
    // A used approval is past: the attempts show its heal.
    const answer = suggestion?.used ? null : (suggestion?.answer ?? null);
    printEntry(standingOf(decision, answer), name, solution ?? '');
  }
}

function printEntry(standing: string, name: string, solution: string): void {
  print.section(`${standing}: ${printable(name)}`);
  print.prose(solution);
}

/** Why an entry that fits is not suggested. */
function standingOf(
  { verdict, gate, bot_knowledge }: ListedDecision,
  answer: Suggestion['answer'],
): string {
  if (answer !== null) return answer === 'rejected' ? 'Rejected' : 'Approved';
  if (bot_knowledge?.enabled === false) return 'Disabled';
  if (verdict === 'shadowed')
    return bot_knowledge?.autonomy === 'shadow' ? 'In shadow' : 'Was in shadow when it came';
  if (verdict === 'held_out') return 'Left alone for one run';
  return gate ? `Kept back by the gate ${printable(gate)}` : 'Known';
}
