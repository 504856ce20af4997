import { printable } from '../../ground/text.ts';
import { explainTicket, type Explained } from '../../services/notify/explain.ts';
import { withDatabase } from '../session/database.ts';
import { json, say, section, shortId, state, time } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { whyOf } from './words.ts';

type Told = Explained['notifications'][number];

export const explain = (ticket: string, options: { limit: number; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const found = await explainTicket(db, { ticket, limit: options.limit });
    if (options.json) {
      const { ticket: row, events, notifications } = found;
      return json({ ...row, bot_ticket_events: events, bot_notifications: notifications });
    }
    say(`T-${found.ticket.number}  ${printable(found.ticket.title)}`);
    section('What happened');
    table(
      ['When', 'What', 'Who', 'Told'],
      found.events.map((event) => [
        time(event.created_at),
        event.event,
        printable(event.actor),
        becameOf(event, found.notifications),
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
        time(row.sent_at ?? row.group?.sent_at ?? row.send_after),
        printable(inGroup(row) ?? whyOf(row, found.off)),
      ]),
      'None was made.',
      ['Attempts', 'When'],
      ['Why'],
    );
  });

function becameOf(event: Explained['events'][number], messages: Told[]): string {
  if (event.unsent_reason !== null)
    return printable(`${event.routed_at === null ? 'not yet' : 'no'}: ${event.unsent_reason}`);
  if (event.routed_at === null) return 'not routed yet';
  const own = messages.filter(({ events }) => events.includes(event.id));
  const newest = new Map(own.map((row) => [row.channel, row]));
  const words = [...newest.values()].map(
    (row) => `${row.channel}: ${row.group?.status ?? row.status}`,
  );
  return words.length > 0 ? words.join(', ') : 'in a message that is not listed here';
}

const inGroup = ({ group }: Told): string | null =>
  group && `one message tells of many tickets: ${shortId(group.id)}, ${group.status}`;
