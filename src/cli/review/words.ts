/** What a review says about a ticket, in lines without styles: the same on a screen and line by line. All of it is printable. */
import { counted, printable, span } from '../../ground/text.ts';
import { isOverdue, isPending, responseOf } from '../../services/tickets/list.ts';
import type { Review, Suggested } from '../../services/tickets/review.ts';
import { recordOf } from '../knowledge/value.ts';
import { heldBackBy } from '../maintenance/words.ts';
import { nextInWords } from '../policy/next.ts';
import { silencedBy, suppressedBehind } from '../silences/words.ts';
import { yesBar, yesSigns } from '../terminal/bars.ts';
import { relative, time } from '../terminal/print.ts';
import { ellipsis, hasUnicode, signsOn } from '../terminal/signs.ts';
import { answerInWords, approvable } from './actions/answer.ts';
import { nameOf } from './actions/action.ts';

/** `T-42  critical  assigned to ann` */
export function headline(seen: Review): string {
  const { severity, status, assigned_to, resolved_by } = seen.ticket;
  const who = status === 'assigned' ? assigned_to : isPending(seen.ticket) ? null : resolved_by;
  const by = who ? ` ${status === 'assigned' ? 'to' : 'by'} ${printable(who)}` : '';
  return `${nameOf(seen)}  ${severity}  ${status}${by}`;
}

/** Lines that say what the ticket is about, and how it stands. */
export function factLines(seen: Review): string[] {
  const { ticket, finding, merged, storm, now } = seen;
  const component = seen.related.component ?? finding?.affected_component;
  const check = finding?.check_name;
  return [
    [
      `component ${printable(component ?? '-')}`,
      `bot ${printable(ticket.bots.name ?? '-')}`,
      check && `check ${printable(check)}`,
    ],
    [
      ticket.created_at && `age ${span(now.getTime() - ticket.created_at.getTime())}`,
      clockInWords(seen),
      nextInWords(seen.escalation, now),
    ],
    [seenTimes(seen)],
    [
      ticket.reopened_at && `reopened ${relative(ticket.reopened_at, now)}`,
      merged > 0 && `stands for ${counted(merged, 'ticket')} merged into it`,
      storm !== null && `stands for a storm of ${counted(storm, 'open finding')}`,
      withLabel('silenced', silencedBy(ticket)),
      withLabel('maintenance', heldBackBy(ticket.bot_maintenance)),
      withLabel('behind', suppressedBehind(ticket)),
    ],
  ]
    .map((parts) => parts.filter(Boolean).join(`  ${signsOn().dot}  `))
    .filter(Boolean);
}

const withLabel = (what: string, words: string | null): string | null =>
  words && `${what} ${words}`;

/** Until when a person has to respond, or why no clock runs. */
function clockInWords({ ticket, now }: Review): string {
  const response = responseOf(ticket, now);
  switch (response.state) {
    case 'due':
      return `answer by ${time(response.at)}, ${relative(response.at, now)}`;
    case 'overdue':
      return `OVERDUE ${span(now.getTime() - response.at.getTime())}`;
    case 'held':
      return 'clock stopped by maintenance';
    case 'merged':
      return `merged into T-${ticket.survivor}`;
    case 'snoozed':
      return response.until
        ? `snoozed until ${time(response.until)}`
        : `snoozed, ${counted(response.occurrences, 'more time')}`;
    case 'none':
      return ticket.acknowledged_at && isPending(ticket)
        ? `acknowledged by ${printable(ticket.acknowledged_by ?? '-')} ${relative(ticket.acknowledged_at, now)}`
        : 'no clock runs';
  }
}

/** `seen 14 times, last 2m ago   in its last runs ▁▁█▁██ (█ seen)` */
function seenTimes({ ticket, finding, results, now }: Review): string {
  const last = finding ? `, last ${relative(finding.last_seen_at, now)}` : '';
  const isUnicode = hasUnicode();
  const runs =
    results.length > 0
      ? `   in its last runs ${yesBar(results, isUnicode)} (${yesSigns(isUnicode).yes} seen)`
      : '';
  return `seen ${counted(ticket.occurrences, 'time')}${last}${runs}`;
}

export const isLate = ({ ticket, now }: Review): boolean => isOverdue(ticket, now);

export interface Section {
  title: string;
  lines: string[];
}

/** What is known of the problem. */
export const sections = (seen: Review): Section[] =>
  [
    { title: 'Evidence', lines: evidenceLines(seen) },
    { title: 'Tried', lines: triedLines(seen) },
    ...otherSuggestions(seen),
    { title: 'Related', lines: relatedLines(seen) },
  ].map(({ title, lines }) => ({ title, lines: shortened(lines, seen) }));

/** In characters; a person reads no more of a section between two keys. */
const maxSectionLength = 20_000;

/** The lines that have room, and one that says how much is left out and what shows all of it. */
function shortened(lines: string[], seen: Review): string[] {
  const kept: string[] = [];
  let room = maxSectionLength;
  for (const line of lines) {
    if (line.length > room) {
      kept.push(line.slice(0, room).toWellFormed());
      const lengthOf = (all: string[]) => all.reduce((sum, each) => sum + each.length, 0);
      const rest = counted(lengthOf(lines) - lengthOf(kept), 'more character');
      return [
        ...kept,
        `${ellipsis()} ${rest}: \`npx roundsman tickets show ${nameOf(seen)}\` shows all of it`,
      ];
    }
    kept.push(line);
    // An empty line takes room, too.
    room -= line.length + 1;
  }
  return kept;
}

/** Keys that the lines above show already. */
const inFacts = new Set(['check', 'component']);

function evidenceLines({ ticket }: Review): string[] {
  const described = ticket.description === ticket.title ? [] : ticket.description.split(/\r?\n/);
  const { metadata } = ticket;
  const known =
    metadata && typeof metadata === 'object' && !Array.isArray(metadata)
      ? Object.entries(metadata)
          .filter(([key]) => !inFacts.has(key))
          .flatMap(([key, value]) => asLines(key, value))
      : metadata === null
        ? []
        : [JSON.stringify(metadata)];
  const lines = [...described.filter((line) => line.trim()), ...known].map(printable);
  return lines.length > 0 ? lines : ['none was kept'];
}

const asLines = (key: string, value: unknown): string[] =>
  value !== null && typeof value === 'object'
    ? [
        `${key}:`,
        ...JSON.stringify(value, null, 2)
          .split('\n')
          .slice(1, -1)
          .map((line) => `  ${line.trimStart() === line ? line : line.slice(2)}`),
      ]
    : [`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`];

const triedLines = ({ steps, now }: Review): string[] =>
  steps.length === 0
    ? ['nothing was tried']
    : steps.map(
        ({ taken_at, state, action_description, name }) =>
          `${relative(taken_at, now)}  ${state}  ${printable(action_description)}${name ? ` (${printable(name)})` : ''}`,
      );

/** Suggestions that the key that approves does not name: advice, and those that were answered. */
function otherSuggestions(seen: Review): Section[] {
  const named = new Set(approvable(seen).slice(0, 1));
  const lines = seen.suggested
    .filter((each) => !named.has(each))
    .flatMap((each) => {
      const { suggestion, steps, broken } = each;
      const { name, solution } = suggestion;
      const answer = answerInWords(each);
      const said = answer ? `, ${answer}` : '';
      const text = broken ? `its playbook cannot run: ${broken}` : steps.join(', then ');
      const about = text ? [text] : solution.split(/\r?\n/);
      return [`${printable(name)}${said}`, ...about.map((line) => `  ${printable(line)}`)];
    });
  return lines.length === 0 ? [] : [{ title: 'Known', lines }];
}

function relatedLines({ related: { earlier, ofComponent, curedBy }, now }: Review): string[] {
  const lines = [
    ...earlier.map(
      ({ number, status, resolved_at, resolved_by, resolution_notes }) =>
        `T-${number} earlier, ${status}${resolved_at ? ` ${relative(resolved_at, now)}` : ''}${resolved_by ? ` by ${printable(resolved_by)}` : ''}${resolution_notes ? `: ${printable(resolution_notes)}` : ''}`,
    ),
    ...curedBy.map(
      ({ name, tickets, decided, held }) =>
        `${printable(name)} ended ${counted(tickets, 'ticket')} of this check${decided > 0 ? `, held ${held} of ${decided}` : ''}`,
    ),
    ...ofComponent.map(
      ({ number, severity, title }) =>
        `T-${number} of the same component, ${severity}: ${printable(title)}`,
    ),
  ];
  return lines.length > 0 ? lines : ['nothing'];
}

/** What the key that approves does, and beside it what the entry has achieved; null where nothing can be approved. */
export function offerOf(seen: Review): { does: string; record: string } | null {
  const [first, ...others] = approvable(seen);
  if (!first) return null;
  const answer = answerInWords(first);
  const more = `${answer ? ` (${answer})` : ''}${others.length > 0 ? ` (and ${others.length} more)` : ''}`;
  return {
    does: `${printable(first.suggestion.name)}: ${first.steps.map(printable).join(', then ')}${more}`,
    record: recordInWords(first, seen.now),
  };
}

/** `held 7 of 9, lower bound .45, last relapse 3 days ago, can be undone` */
const recordInWords = ({ figures, tried, isUndoable }: Suggested, now: Date): string =>
  `${recordOf(figures, tried, now)}, ${isUndoable ? 'can' : 'cannot'} be undone`;
