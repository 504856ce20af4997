/** A message as data, within a size that receivers take, with its texts as they are. */
import { counted } from '../../ground/text.ts';
import type { EventFacts, Message, TicketFacts } from '../message.ts';
import { cutTo } from './cut.ts';
import { Parts } from './parts.ts';
import { reportCommand } from './report.ts';
import { shortReport } from './short-report.ts';
import { nameOf } from './ticket.ts';

/** Servers mostly take 100 kB unless they are set up otherwise. */
const maxBytes = 64_000;

/** How long a text may be, and how many of the newest events are shown. Any message fits at the last level. */
const levels = [
  { characters: 20_000, events: 100 },
  { characters: 4_000, events: 50 },
  { characters: 1_000, events: 20 },
  { characters: 200, events: 5 },
];

/**
 * Writes as much of the message as fits. `write` also gets `cut`, which says what is left out and which command shows it; null
 * if nothing is left out.
 */
export function shortened(
  message: Message,
  write: (message: Message, cut: string | null) => string,
): string {
  let written = '';
  for (const level of levels) {
    const parts = new Parts();
    const short = atLevel(message, level, parts);
    written = write(short, parts.cut(commandOf(message)));
    if (Buffer.byteLength(written) <= maxBytes) break;
  }
  return written;
}

/** The command that shows all of the message. */
function commandOf(message: Message): string {
  if (message.kind === 'report') return reportCommand(message);
  return `npx roundsman tickets ${message.kind === 'ticket' ? `show ${nameOf(message.ticket)}` : 'list'}`;
}

/** How long a name may be, whatever the level. */
const maxNameCharacters = 200;

const unchanged = (text: string): string => text;

function atLevel(
  message: Message,
  { characters, events }: (typeof levels)[number],
  parts: Parts,
): Message {
  const shortText = (name: string, given: string): string => {
    const { shown, kept, all } = cutTo(given, characters, unchanged);
    if (kept < all) parts.leftOut(`${name} (${kept} of ${all} characters are here)`);
    return shown;
  };
  const shortItem = (names: string, given: string, most = characters): string => {
    const { shown, kept, all } = cutTo(given, most, unchanged);
    if (kept < all) parts.leftOut(`parts of ${names}`);
    return shown;
  };
  const name = <Given extends string | null>(given: Given) =>
    (given === null ? null : shortItem('the names', given, maxNameCharacters)) as Given;
  const ofTicket = (ticket: TicketFacts, cut: typeof shortText): TicketFacts => ({
    ...ticket,
    title: cut('the title', ticket.title),
    description: cut('the description', ticket.description),
    resolution_notes: ticket.resolution_notes && cut('the notes', ticket.resolution_notes),
    bot: name(ticket.bot),
    component: name(ticket.component),
    category: name(ticket.category),
    assigned_to: name(ticket.assigned_to),
    acknowledged_by: name(ticket.acknowledged_by),
    resolved_by: name(ticket.resolved_by),
  });
  const ofEvent = (event: EventFacts): EventFacts => ({
    ...event,
    actor: name(event.actor),
    sentence: shortItem('the history', event.sentence),
  });
  switch (message.kind) {
    case 'group':
      return {
        ...message,
        tickets: message.tickets.map((ticket) =>
          ofTicket(ticket, (what, each) => shortItem(what, each)),
        ),
      };
    case 'report':
      return {
        ...message,
        report: shortReport(message.report, { events, text: shortItem }, parts),
      };
    case 'test':
      return { ...message, asked_by: name(message.asked_by) };
    case 'ticket': {
      const left = message.events.length - events;
      if (left > 0) parts.leftOut(counted(left, 'earlier event'));
      return {
        ...message,
        ticket: ofTicket(message.ticket, shortText),
        events: message.events.slice(-events).map(ofEvent),
      };
    }
  }
}
