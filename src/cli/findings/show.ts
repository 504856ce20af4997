import { printable } from '../../ground/text.ts';
import { actionTable } from '../actions/table.ts';
import { withDatabase } from '../session/database.ts';
import { decisionTable } from '../decisions/table.ts';
import * as print from '../terminal/print.ts';
import { tooFewSince } from '../../services/findings/counted-events.ts';
import { findFinding } from '../../services/findings/find.ts';
import { showFinding as read, type WhyNoTicket } from '../../services/findings/show.ts';
import { heldBackBy } from '../maintenance/words.ts';
import { isSuppressed, silencedBy, suppressedBehind } from '../silences/words.ts';
import { tooFewInWords } from './counted-events.ts';
import { methodInWords } from './resolution.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { showEach } from '../listing/show-each.ts';

type Shown = Awaited<ReturnType<typeof read>>;

export const showFindings = (given: string[], options: ShowOptions): Promise<void> =>
  withDatabase(({ db }) =>
    showEach(given, options, {
      idOf: async (name) => (await findFinding(db, name)).id,
      read: (finding) => read(db, { finding }),
      fields: documentOf,
      print: printFinding,
    }),
  );

const documentOf = ({ finding, bot, actions, decisions, tickets, memory }: Shown) => ({
  ...finding,
  bots: bot,
  bot_finding_states: memory ?? null,
  bot_actions: actions,
  bot_decisions: decisions,
  bot_tickets: tickets,
});

function printFinding(shown: Shown): void {
  const { finding, bot, actions, decisions, memory, unticketed, now } = shown;
  print.say(
    `${print.severity(finding.severity)}  ${print.paint('bold', printable(finding.title))}`,
  );
  if (finding.description) print.prose(finding.description);
  print.say();
  const { suppressor } = finding;
  print.facts([
    ['State', finding.resolved_at ? print.state('resolved') : print.state('open')],
    [
      'Resolved',
      finding.resolved_at
        ? `${print.moment(finding.resolved_at, now)}, ${methodInWords(finding.resolution_method)}`
        : null,
    ],
    ['Bot', printable(bot.name)],
    ['Check', printable(finding.check_name)],
    ['Category', printable(finding.category)],
    ['Component', printable(finding.affected_component ?? '-')],
    [
      'Key',
      finding.component_key === finding.affected_component
        ? null
        : printable(finding.component_key),
    ],
    ['First seen', print.moment(finding.detected_at, now)],
    ['Last seen', print.moment(finding.last_seen_at, now)],
    ['Looked at', lookedAt(finding, now)],
    ['Times', String(finding.occurrences)],
    ['Counted', tooFewInWords(tooFewSince(finding, memory), now)],
    [
      'Flapping',
      memory?.flapping_since ? `since ${print.moment(memory.flapping_since, now)}` : null,
    ],
    ['Silenced', silencedBy(finding)],
    ['Maintenance', heldBackBy(finding.bot_maintenance)],
    [
      isSuppressed(finding) ? 'Suppressed' : 'Behind',
      suppressor
        ? `${isSuppressed(finding) ? 'behind ' : ''}${suppressedBehind(finding)}, and not healed: \`npx roundsman findings show ${print.shortId(suppressor.id)}\``
        : null,
    ],
    ['Ticket', ticketOf(shown)],
    ['Why none', unticketed && whyWithoutTicket(unticketed, finding.severity)],
    ['Found in', finding.execution_id && `run ${print.shortId(finding.execution_id)}`],
    ['Seen in', finding.last_execution_id && `run ${print.shortId(finding.last_execution_id)}`],
    ['Fingerprint', printable(finding.fingerprint)],
    ['Id', finding.id],
  ]);
  if (finding.metadata !== null) {
    print.section('Evidence');
    print.prose(JSON.stringify(finding.metadata, null, 2));
  }
  print.section('Actions');
  actionTable(actions, now, 'None.');
  print.section('Decisions');
  decisionTable(decisions, now, 'None.');
  print.say(
    `\nWhy, and what would happen now: \`npx roundsman findings explain ${print.shortId(finding.id)}\``,
  );
}

/** The ticket that stands for it; where none does, the newest one that it had. */
function ticketOf({ finding, tickets }: Awaited<ReturnType<typeof read>>): string {
  const { ticket } = finding;
  const [last] = tickets;
  if (!ticket) return last ? `T-${last.number} (${print.state(last.status)})` : 'none';
  const inCharge = `T-${ticket.number} (${print.state(ticket.status)})`;
  if (ticket.merged) return `${inCharge}, into which T-${ticket.merged} is merged`;
  if (ticket.stands_for === 'finding') return inCharge;
  return `${inCharge}, which stands for it: ${printable(ticket.title)}`;
}

/** Why no ticket stands for an open finding. */
function whyWithoutTicket(unticketed: WhyNoTicket, severity: string): string {
  switch (unticketed.why) {
    case 'silenced':
      return 'it is silenced';
    case 'maintenance':
      return 'maintenance holds it back';
    case 'flood':
      return `it is a part of a flood, and none of these gets one of its own while the flood is open: \`npx roundsman findings show ${print.shortId(unticketed.flood)}\``;
    case 'severity':
      return `its severity is below ${printable(unticketed.from)}: it gets one to carry a suggestion, ${
        severity === 'medium'
          ? 'when a heal of it fails, is blocked or cannot be judged in time, '
          : ''
      }or where an effect is in doubt`;
    case 'resolved':
      return `${printable(unticketed.by ?? 'a person')} resolved T-${unticketed.ticket}, and no run has seen it since; one that does opens it again`;
    case 'clean':
      return 'its latest result is clean: it resolves when it has been clean often enough';
    case 'cure':
      return 'a cure of it is not judged yet';
    case 'not yet':
      return "not yet: the end of its bot's next run that sees it opens one";
  }
}

/** Since when no check of its bot looks at an open finding, so that none can find it gone; null where one does. */
const lookedAt = (
  { resolved_at, unexamined_since }: { resolved_at: Date | null; unexamined_since: Date | null },
  now: Date,
): string | null =>
  resolved_at || !unexamined_since
    ? null
    : `not since ${print.moment(unexamined_since, now)}: no check of its bot looks at it any more, so none can find it gone`;
