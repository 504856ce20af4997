import { printable } from '../../ground/text.ts';
import { historyOf } from '../../services/tickets/history.ts';
import { withDatabase } from '../session/database.ts';
import { json, say, upTo } from '../terminal/print.ts';
import { eventTable } from './events.ts';

export const showHistory = (
  given: string,
  options: { limit: number; json?: true },
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { ticket, ...found } = await historyOf(db, { ticket: given, limit: options.limit + 1 });
    const events = upTo(found.events, options.limit);
    if (options.json) return json(events);
    say(`T-${ticket.number}  ${printable(ticket.title)}\n`);
    eventTable(events);
  });
