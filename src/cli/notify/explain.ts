import { printable } from '../../ground/text.ts';
import { explainTicket, type ExplainedTicket } from '../../services/notify/explain.ts';
import { eventInWords } from '../tickets/events.ts';
import { withDatabase } from '../session/database.ts';
import { say, section, shortId, state, time } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { whyOf } from './words.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

type Message = ExplainedTicket['notifications'][number];

export const explain = (ticket: string, options: ShowOptions & { limit: number }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const found = await explainTicket(db, { ticket, limit: options.limit });
    if (isData(options)) {
      const { ticket: row, events, notifications } = found;
      return printDocument(
        {
          ...row,
          bot_ticket_events: events.map(({ detail: _, ...event }) => event),
          bot_notifications: notifications,
        },
        options,
      );
    }
    say(`T-${found.ticket.number}  ${printable(found.ticket.title)}`);
    section('What happened, the newest first');
    table(
      ['When', 'What', 'Who', 'Told'],
      found.events
        .toReversed()
        .map((event) => [
          time(event.created_at, found.now),
          printable(eventInWords(event)),
          printable(event.actor),
          outcomeOf(event, found.notifications),
        ]),
      'Nothing was written.',
    );
    section('Messages');
    table(
      ['Message', 'Channel', 'Status', 'Attempts', 'Route', 'When', 'Why'],
      found.notifications.map((row) => [
        shortId(row.id),
        row.channel,
        state(row.status),
        String(row.attempts),
        printable(row.route ?? '-'),
        time(row.sent_at ?? row.group?.sent_at ?? row.send_after, found.now),
        printable(groupInWords(row) ?? whyOf(row, found.off, found.now) ?? '-'),
      ]),
      'None was made.',
      ['Attempts', 'When'],
      ['Why'],
    );
  });

function outcomeOf(event: ExplainedTicket['events'][number], messages: Message[]): string {
  if (event.unsent_reason !== null)
    return printable(`${event.routed_at === null ? 'not yet' : 'no'}: ${event.unsent_reason}`);
  if (event.routed_at === null) return 'not routed yet';
  const ofEvent = messages.filter(({ events }) => events.includes(event.id));
  const newest = new Map(ofEvent.map((row) => [row.channel, row]));
  const words = [...newest.values()].map(
    (row) => `${row.channel}: ${row.group?.status ?? row.status}`,
  );
  return words.length > 0 ? words.join(', ') : 'in a message that is not listed here';
}

const groupInWords = ({ group }: Message): string | null =>
  group && `one message tells of many tickets: ${shortId(group.id)}, ${group.status}`;
