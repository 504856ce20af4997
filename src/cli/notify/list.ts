import { printable } from '../../ground/text.ts';
import type { Moment } from '../../services/bots/backfill.ts';
import {
  listNotifications,
  offNamesIn,
  type ListFilter,
  type ListedNotification,
} from '../../services/notify/list.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list as print, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { afterwards, relative, shortId, state, time } from '../terminal/print.ts';
import { waitsForChannel, whyBlocked, whyOf } from './words.ts';

const columns = (off: readonly string[], now: Date): Column<ListedNotification>[] => [
  { name: 'id', head: 'Message', cell: ({ id }) => shortId(id) },
  {
    name: 'ticket_number',
    head: 'About',
    cell: aboutOf,
    cellForPrograms: ({ ticket_number: number }) => (number === null ? null : `T-${number}`),
  },
  { name: 'channel', head: 'Channel', cell: ({ channel }) => printable(channel) },
  { name: 'status', head: 'Status', cell: ({ status }) => state(status) },
  { name: 'attempts', head: 'Attempts', cell: ({ attempts }) => String(attempts) },
  {
    name: 'sent_at',
    head: 'When',
    cell: ({ sent_at, created_at }) => relative(sent_at ?? created_at, now),
    cellForPrograms: ({ sent_at }) => sent_at && time(sent_at, now),
  },
  {
    name: 'why',
    head: 'Why',
    cell: (row) => whyOf(row, off, now) && printable(whyOf(row, off, now)!),
    cellForPrograms: ({ reason, status, channel }) =>
      reason ?? (status === 'pending' && off.includes(channel) ? waitsForChannel : null),
  },
  {
    name: 'error_message',
    head: 'Error',
    cell: ({ error_message }) => error_message && printable(error_message),
    onlyForPrograms: true,
  },
  {
    name: 'send_after',
    head: 'Due',
    cell: ({ send_after }) => send_after && time(send_after, now),
    onlyForPrograms: true,
  },
  {
    name: 'created_at',
    head: 'Created',
    cell: ({ created_at }) => time(created_at, now),
    onlyForPrograms: true,
  },
  { name: 'kind', head: 'Kind', cell: ({ kind }) => kind, onlyForPrograms: true },
  {
    name: 'report_day',
    head: 'Report of',
    cell: ({ report_day }) => report_day && String(report_day),
    onlyForPrograms: true,
  },
];

function aboutOf({ kind, report_day, ticket_number }: ListedNotification): string | null {
  if (kind === 'report') return `report ${report_day}`;
  if (kind === 'group') return 'many';
  return ticket_number === null ? null : `T-${ticket_number}`;
}

export const list = (
  options: Omit<ListFilter, 'since'> & ListOptions & { since?: Moment },
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { channel, status, since, limit } = options;
    const found = await listNotifications(db, { channel, status, since, limit: limit + 1 });
    const { now } = found;
    if (found.unknownChannel) afterwards(found.unknownChannel);
    await print({
      options,
      rows: found.notifications,
      columns: columns(offNamesIn(found.notPassing), now),
      empty: 'No message. `npx roundsman notify show` shows which channels and routes are set.',
      before: found.notPassing.map((channel) => whyBlocked(channel, now) ?? ''),
      dropWhenNarrow: ['attempts', 'sent_at'],
      neverCut: ['why'],
    });
  });
