/** What a message about one ticket says: how it stands now, and what happened since the message before. */
import { counted, time } from '../../ground/text.ts';
import { boundInWords } from '../../ground/time-bounds.ts';
import type { EventFacts, TicketFacts, TicketMessage } from '../message.ts';
import { Parts, type Limits, type Words } from './parts.ts';
import { repeatOf } from './repeat.ts';
import { safeLine } from './safe.ts';

export const nameOf = ({ number }: Pick<TicketFacts, 'number'>): string =>
  `T-${safeLine(number).slice(0, 20)}`;

const isPending = ({ status }: TicketFacts): boolean => status === 'open' || status === 'assigned';

const at = (moment: Date): string => boundInWords(moment) ?? `${time(moment)} UTC`;

export function ticketWords({ ticket, events, ...message }: TicketMessage, limits: Limits): Words {
  const parts = new Parts();
  const name = nameOf(ticket);
  const start = `${name}: `;
  const title = parts.line('the title', ticket.title, limits.subject - start.length);
  const { description } = ticket;
  return {
    subject: `${start}${title}`,
    standing: standingOf(ticket),
    facts: factsOf(ticket, parts, limits),
    body:
      description === ticket.title ? [] : parts.lines('the description', description, limits.body),
    history: historyOf(events, parts, limits),
    repeat: repeatOf(message),
    cut: parts.cut(`npx roundsman tickets show ${name}`),
    commands: [
      `npx roundsman tickets show ${name}`,
      ...(isPending(ticket) && ticket.acknowledged_at === null
        ? [`npx roundsman tickets ack ${name}`]
        : []),
    ],
  };
}

/** `critical, open`, `high, assigned, acknowledged`: no text from outside, so that it cannot be forged by a name. */
const standingOf = (ticket: TicketFacts): string =>
  [
    ticket.severity,
    ticket.status,
    ...(isPending(ticket) && ticket.acknowledged_at !== null ? ['acknowledged'] : []),
  ].join(', ');

function factsOf(ticket: TicketFacts, parts: Parts, { line }: Limits): Words['facts'] {
  const told = (name: string, text: string | null) =>
    text === null ? null : parts.line(name, text, line);
  const by = (when: Date, name: string, who: string | null) =>
    `${at(when)}${who === null ? '' : ` by ${told(name, who)}`}`;
  const { acknowledged_at, respond_by, resolved_at } = ticket;
  const facts: [label: string, value: string | null][] = [
    ['Assigned to', told('the assignee', ticket.assigned_to)],
    ['Bot', told('the bot', ticket.bot)],
    ['Component', told('the component', ticket.component)],
    ['Category', told('the category', ticket.category)],
    ['Opened', at(ticket.created_at)],
    ['Times', String(ticket.occurrences)],
    ['Answer by', respond_by && isPending(ticket) ? at(respond_by) : null],
    [
      'Acknowledged',
      acknowledged_at && by(acknowledged_at, 'who acknowledged', ticket.acknowledged_by),
    ],
    ['Resolved', resolved_at && by(resolved_at, 'who resolved', ticket.resolved_by)],
    ['Notes', resolved_at && told('the notes', ticket.resolution_notes)],
  ];
  return facts.flatMap(([label, value]) => (value === null ? [] : [{ label, value }]));
}

/** Only what happened, where the ticket itself is told elsewhere. */
export function historyWords(
  { ticket, events, ...message }: TicketMessage,
  limits: Limits,
): Pick<Words, 'history' | 'repeat' | 'cut'> {
  const parts = new Parts();
  const history = historyOf(events, parts, limits);
  return {
    history,
    repeat: repeatOf(message),
    cut: parts.cut(`npx roundsman tickets history ${nameOf(ticket)}`),
  };
}

/** The newest of them, as those say how it stands. */
function historyOf(events: EventFacts[], parts: Parts, limits: Limits): string[] {
  const left = events.length - limits.events;
  if (left > 0) parts.leftOut(counted(left, 'earlier event'));
  return events
    .slice(-limits.events)
    .map((event) => `${at(event.at)}  ${parts.item('the history', event.sentence, limits.line)}`);
}
