/** What a message about one ticket says: how it stands now, and what happened since the message before. */
import { pending } from '../../data/bots/pending-tickets.ts';
import { counted, time } from '../../ground/text.ts';
import { boundInWords } from '../../ground/time-bounds.ts';
import type { EventFacts, TicketFacts, TicketMessage } from '../message.ts';
import { Parts, type Limits, type Words } from './parts.ts';
import { repeatOf } from './repeat.ts';
import { safeLine } from './safe.ts';

export const nameOf = ({ number }: Pick<TicketFacts, 'number'>): string =>
  `T-${safeLine(number).slice(0, 20)}`;

const isPending = ({ status }: TicketFacts): boolean => pending.includes(status);

const momentInWords = (moment: Date): string => boundInWords(moment) ?? `${time(moment)} UTC`;

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
  const shown = (name: string, text: string | null) =>
    text === null ? null : parts.line(name, text, line);
  const by = (when: Date, name: string, who: string | null) =>
    `${momentInWords(when)}${who === null ? '' : ` by ${shown(name, who)}`}`;
  const { acknowledged_at, respond_by, resolved_at } = ticket;
  const facts: [label: string, value: string | null][] = [
    ['Assigned to', shown('the assignee', ticket.assigned_to)],
    ['Bot', shown('the bot', ticket.bot)],
    ['Component', shown('the component', ticket.component)],
    ['Category', shown('the category', ticket.category)],
    ['Opened', momentInWords(ticket.created_at)],
    ['Times', String(ticket.occurrences)],
    ['Answer by', respond_by && isPending(ticket) ? momentInWords(respond_by) : null],
    [
      'Acknowledged',
      acknowledged_at && by(acknowledged_at, 'who acknowledged', ticket.acknowledged_by),
    ],
    ['Resolved', resolved_at && by(resolved_at, 'who resolved', ticket.resolved_by)],
    ['Notes', resolved_at && shown('the notes', ticket.resolution_notes)],
  ];
  return facts.flatMap(([label, value]) => (value === null ? [] : [{ label, value }]));
}

/** Only what happened, for a reply to a message that shows the ticket itself. */
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

/** The newest events, because they say how the ticket stands. */
function historyOf(events: EventFacts[], parts: Parts, limits: Limits): string[] {
  const left = events.length - limits.events;
  if (left > 0) parts.leftOut(counted(left, 'earlier event'));
  return events
    .slice(-limits.events)
    .map(
      (event) =>
        `${momentInWords(event.at)}  ${parts.item('the history', event.sentence, limits.line)}`,
    );
}
