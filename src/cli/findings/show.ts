import { printable } from '../../ground/text.ts';
import { actionTable } from '../actions/table.ts';
import { withDatabase } from '../session/database.ts';
import { decisionTable } from '../decisions/table.ts';
import * as print from '../terminal/print.ts';
import { showFinding as read, type Unticketed } from '../../services/findings/show.ts';
import { heldBackBy } from '../maintenance/words.ts';
import { isSuppressed, silencedBy, suppressedBehind } from '../silences/words.ts';
import { resolvedAtLength } from './resolution.ts';

export const showFinding = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const shown = await read(db, { finding: given });
    const { finding, bots, actions, decisions, tickets, memory, unticketed, now } = shown;
    if (options.json)
      return print.json({
        ...finding,
        bots,
        bot_finding_states: memory ?? null,
        bot_actions: actions,
        bot_decisions: decisions,
        bot_tickets: tickets,
      });

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
          ? `${print.moment(finding.resolved_at, now)}, ${resolvedAtLength(finding.resolution_method)}`
          : null,
      ],
      ['Bot', printable(bots.name)],
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
      ['Counted', countedFrom(finding, memory, now)],
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
      ['Why none', unticketed && withoutInWords(unticketed, finding.severity)],
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
  });

/** The ticket that stands for it; where none does, the newest one that it had. */
function ticketOf({ finding, tickets }: Awaited<ReturnType<typeof read>>): string {
  const { ticket } = finding;
  const [last] = tickets;
  if (!ticket) return last ? `T-${last.number} (${print.state(last.status)})` : 'none';
  const it = `T-${ticket.number} (${print.state(ticket.status)})`;
  if (ticket.merged) return `${it}, into which T-${ticket.merged} is merged`;
  if (ticket.stands_for === 'finding') return it;
  return `${it}, which stands for it: ${printable(ticket.title)}`;
}

/** Why no ticket stands for an open finding. */
function withoutInWords(unticketed: Unticketed, severity: string): string {
  switch (unticketed.why) {
    case 'silenced':
      return 'it is silenced';
    case 'maintenance':
      return 'maintenance holds it back';
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

/** Since when no look of its bot can tell whether an open finding is gone; null where one can. */
const lookedAt = (
  { resolved_at, unexamined_since }: { resolved_at: Date | null; unexamined_since: Date | null },
  now: Date,
): string | null =>
  resolved_at || !unexamined_since
    ? null
    : `not since ${print.moment(unexamined_since, now)}: no check of its bot looks at it any more, so none can find it gone`;

/** For a check that counts events: the time from which events count, after a cure, an undo or a person's answer. */
function countedFrom(
  { resolved_at, last_seen_at }: { resolved_at: Date | null; last_seen_at: Date },
  memory: { cutoff_at: Date | null } | undefined,
  now: Date,
): string | null {
  const from = memory?.cutoff_at;
  if (resolved_at || !from || last_seen_at > from) return null;
  return `only events from ${print.moment(from, now)} on count; there were too few since then to tell whether the finding is gone`;
}
