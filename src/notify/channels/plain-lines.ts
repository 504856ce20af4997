/** A message in lines of plain text, for channels that have no form of their own. */
import { counted, printable } from '../../ground/text.ts';
import { severities } from '../../ground/severity.ts';
import type { Message, TicketFacts } from '../message.ts';

const mostLetters = 2_000;

/** Texts of findings come from outside. */
const shown = (text: string): string => {
  const clean = printable(text);
  return clean.length > mostLetters ? `${clean.slice(0, mostLetters)}… (cut)` : clean;
};

const inOneLine = (ticket: TicketFacts): string =>
  `T-${ticket.number} ${ticket.severity}, ${ticket.status}: ${shown(ticket.title)}`;

export function plainLines(message: Message): string[] {
  const repeat =
    message.repeats > 0 ? ['This may have been sent before: it is a repeat.'] : ([] as string[]);
  if (message.kind === 'test')
    return [`A test of Roundsman, which ${shown(message.asked_by)} asked for.`, ...repeat];
  if (message.kind === 'group') {
    const open = severities
      .filter((severity) => (message.pending[severity] ?? 0) > 0)
      .map((severity) => `${message.pending[severity]} ${severity}`);
    return [
      `${counted(message.count, 'ticket')}; still open: ${open.join(', ') || 'none'}`,
      ...message.tickets.map(inOneLine),
      ...(message.count > message.tickets.length
        ? [`and ${message.count - message.tickets.length} more: npx roundsman tickets list`]
        : []),
      ...repeat,
    ];
  }
  return [
    inOneLine(message.ticket),
    ...message.events.map((event) => shown(event.sentence)),
    ...repeat,
  ];
}
