import { printable } from '../../ground/text.ts';
import { isOverdue, isPending, isStorm } from '../../services/tickets/list.ts';
import { showTicket as read, type ShownTicket as Shown } from '../../services/tickets/show.ts';
import { actionTable } from '../actions/table.ts';
import { withDatabase } from '../session/database.ts';
import { decisionTable } from '../decisions/table.ts';
import * as print from '../terminal/print.ts';
import { heldBackBy } from '../maintenance/words.ts';
import { age } from '../terminal/times.ts';
import { silencedBy, suppressedBehind } from '../silences/words.ts';
import { tooFewInWords } from '../findings/counted-events.ts';
import { table } from '../terminal/table.ts';
import { eventTable } from './events.ts';
import { printKnown } from './known.ts';
import { idOf } from './lifecycle.ts';
import { nextInWords } from '../policy/next.ts';
import { snoozedInWords } from './snooze.ts';
import {
  acknowledgedInWords,
  mergedInWords,
  ratingInWords,
  statusInWords,
  stormInWords,
} from './ticket-in-words.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { showEach } from '../listing/show-each.ts';

export const showTickets = (given: string[], options: ShowOptions): Promise<void> =>
  withDatabase(({ db }) =>
    showEach(given, options, {
      idOf: idOf(db),
      read: (ticket) => read(db, { ticket }),
      fields: documentOf,
      print: printShown,
    }),
  );

function printShown(shown: Shown): void {
  printTicket(shown);
  printMerged(shown);
  if (isStorm(shown.ticket)) printStorm(shown);
  else printProblem(shown);
  print.section('History, the newest first');
  eventTable(shown.events, shown.now);
}

const documentOf = (shown: Shown) => {
  const { ticket, finding, actions, decisions, events, storm, merged, escalation } = shown;
  return {
    ...ticket,
    bot_findings: finding ?? null,
    bot_actions: actions,
    bot_decisions: decisions,
    bot_ticket_events: events,
    merged,
    next_escalation: escalation?.next ?? null,
    ...(storm && { storm_findings: storm.findings }),
  };
};

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
      age(created_at, now),
    ]),
    '',
  );
}

/** What is known of a single problem. */
function printProblem(shown: Shown): void {
  const { ticket, finding, actions, decisions, suggestions, canApprove, changeable, now } = shown;
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
  for (const { name, answer } of changeable)
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

function printTicket({ ticket, cure, partOf, escalation, tooFewSince, now }: Shown): void {
  const { number, severity, title, finding_id } = ticket;
  print.say(
    `${print.paint('bold', `T-${number}`)}  ${print.severity(severity)}  ${print.paint('bold', printable(title))}`,
  );
  if (ticket.description !== title) print.prose(ticket.description);
  print.say();
  const overdue = isOverdue(ticket, now) ? ` ${print.paint('red', 'overdue')}` : '';
  const isOver = ticket.resolved_at !== null;
  print.facts([
    ['Status', statusInWords(ticket)],
    ['Severity', ratingInWords(ticket)],
    ['Bot', printable(ticket.bots.name ?? '-')],
    ['Finding', finding_id && `\`npx roundsman findings show ${print.shortId(finding_id)}\``],
    ['Storm', stormInWords(ticket, partOf)],
    ['Opened', print.moment(ticket.created_at, now)],
    ['Reopened', print.moment(ticket.reopened_at, now)],
    ['Times', String(ticket.occurrences)],
    ['Counted', tooFewInWords(tooFewSince, now)],
    [
      'Answer by',
      ticket.respond_by && !isOver ? `${print.moment(ticket.respond_by, now)}${overdue}` : null,
    ],
    ['Acknowledged', acknowledgedInWords(ticket, now)],
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
