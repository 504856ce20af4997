import { printable } from '../../ground/text.ts';
import type { TicketHistory } from '../../services/tickets/history.ts';
import { time } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** `to: ann, from: bob` */
const detailOf = (detail: unknown): string =>
  detail && typeof detail === 'object'
    ? Object.entries(detail)
        .filter(([, value]) => value !== null)
        .map(([key, value]) =>
          printable(`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`),
        )
        .join(', ')
    : '';

export const eventTable = (events: TicketHistory['events']): void =>
  table(
    ['When', 'What', 'Who', ''],
    events.map(({ created_at, event, actor, detail }) => [
      time(created_at),
      event,
      printable(actor),
      detailOf(detail),
    ]),
    'None was written.',
  );
