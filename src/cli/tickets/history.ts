import { printable } from '../../ground/text.ts';
import { historyOf } from '../../services/tickets/history.ts';
import type { HistoryOptions } from '../arguments/show-options.ts';
import { list } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { eventColumns, eventLayout } from './events.ts';

export const showHistory = (given: string, options: HistoryOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { since, limit } = options;
    const { ticket, events, now, count } = await historyOf(db, {
      ticket: given,
      since,
      limit: limit + 1,
    });
    await list({
      ...eventLayout,
      ...(since === undefined ? {} : { empty: 'Nothing was written since then.' }),
      options,
      rows: events,
      columns: eventColumns(now),
      count,
      heading: [`T-${ticket.number}  ${printable(ticket.title)}`, ''],
    });
  });
