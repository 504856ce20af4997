import { printable } from '../../ground/text.ts';
import { listNotifications, type ListFilter } from '../../services/notify/list.ts';
import { withDatabase } from '../session/database.ts';
import { json, relative, say, shortId, state, upTo } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { whyOf } from './words.ts';

export const list = (options: ListFilter & { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { json: asJson, ...filter } = options;
    const found = await listNotifications(db, { ...filter, limit: options.limit + 1 });
    const rows = upTo(found.notifications, options.limit);
    if (asJson) return json(rows);
    const off = found.off.map(({ name }) => name);
    for (const { name, off_since, off_reason } of found.off)
      say(
        `The channel ${printable(name)} was switched off ${relative(off_since, found.now)}: ${printable(off_reason ?? '')}. \`npx roundsman notify retry ${printable(name)}\` switches it on.`,
      );
    table(
      ['Message', 'About', 'Channel', 'Status', 'Attempts', 'When', 'Why'],
      rows.map((row) => [
        shortId(row.id),
        row.kind === 'group' ? 'many' : row.ticket_number === null ? '-' : `T-${row.ticket_number}`,
        printable(row.channel),
        state(row.status),
        String(row.attempts),
        relative(row.sent_at ?? row.created_at, found.now),
        printable(whyOf(row, off)),
      ]),
      'No message. `npx roundsman notify show` shows which channels and routes are set.',
      ['Attempts', 'When'],
      ['Why'],
    );
  });
