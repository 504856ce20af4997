import { printable } from '../../ground/text.ts';
import {
  listMaintenance as read,
  type ListedMaintenance,
} from '../../services/maintenance/list.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, printPart, rowsToRead, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { counted, moment, paint, relative, shortId } from '../terminal/print.ts';
import { time } from '../terminal/times.ts';
import { scopeInWords } from './words.ts';

interface MaintenanceOptions extends ListOptions {
  all?: true;
  limit: number;
}

const columns = (now: Date): Column<ListedMaintenance>[] => [
  { name: 'id', head: 'Window', cell: ({ id }) => shortId(id) },
  { name: 'what', head: 'What', cell: scopeInWords },
  {
    name: 'open_findings',
    head: 'Holds back',
    cell: (window) => heldInWords(window, now),
    cellForPrograms: ({ open_findings: count }) => (count === null ? null : String(count)),
  },
  {
    name: 'starts_at',
    head: 'When',
    cell: (window) => whenInWords(window, now),
    cellForPrograms: ({ starts_at }) => starts_at && time(starts_at, now),
    sortValue: ({ in_force, starts_at, ends_at }) => (in_force ? ends_at : starts_at),
  },
  { name: 'schedule_cron', head: 'Comes', cell: scheduleInWords },
  { name: 'owner', head: 'By', cell: ({ owner }) => printable(owner) },
  { name: 'reason', head: 'Why', cell: ({ reason }) => printable(reason) },
  ...columnsForPrograms(now),
];

/** Values that the table has as words within other columns. */
const columnsForPrograms = (now: Date): Column<ListedMaintenance>[] => [
  {
    name: 'ends_at',
    head: 'Ends',
    cell: ({ ends_at }) => ends_at && time(ends_at, now),
    onlyForPrograms: true,
  },
  {
    name: 'ended_at',
    head: 'Ended',
    cell: ({ ended_at }) => ended_at && time(ended_at, now),
    onlyForPrograms: true,
  },
  {
    name: 'in_force',
    head: 'In force',
    cell: ({ in_force }) => String(in_force),
    onlyForPrograms: true,
  },
  {
    name: 'pending_tickets',
    head: 'Pending tickets',
    cell: ({ pending_tickets: count }) => (count === null ? null : String(count)),
    onlyForPrograms: true,
  },
  {
    name: 'skip_runs',
    head: 'Skips slots',
    cell: ({ skip_runs }) => String(skip_runs),
    onlyForPrograms: true,
  },
];

const layout = {
  dropWhenNarrow: ['owner', 'open_findings'],
  neverCut: ['reason', 'what', 'schedule_cron'],
};

export const listMaintenance = (options: MaintenanceOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { all = false } = options;
    const { windows, now, count } = await read(db, { all, limit: rowsToRead(options) });
    await list({
      ...layout,
      options,
      rows: windows,
      columns: columns(now),
      fields: ({ occurrences: _, ...window }) => window,
      count,
      empty: all
        ? 'There was never any maintenance.'
        : 'No maintenance window is in force or to come. When the job maintenance works: `npx roundsman jobs show maintenance`.',
    });
  });

export const maintenanceTable = (windows: ListedMaintenance[], now: Date, empty: string): void =>
  printPart({ ...layout, rows: windows, columns: columns(now), empty });

/** `3 findings, 1 ticket, slots`; `-` for one that is over. Of one to come it is only known whether it will skip slots. */
function heldInWords(window: ListedMaintenance, now: Date): string {
  const { open_findings, pending_tickets, skip_runs, ended_at, ends_at } = window;
  if (open_findings === null || pending_tickets === null) {
    const isOver = ended_at !== null || (ends_at !== null && ends_at <= now);
    return skip_runs && !isOver ? 'will skip slots' : '-';
  }
  const words = [counted(open_findings, 'finding'), counted(pending_tickets, 'ticket')];
  return [...words, ...(skip_runs ? ['slots'] : [])].join(', ');
}

/** `until 2026-11-22 14:00:00 CET (in 2h)`, `2026-11-22 22:00:00 CET (in 10h)`, `ended 3h ago` */
function whenInWords(
  { in_force, starts_at, ends_at, ended_at }: ListedMaintenance,
  now: Date,
): string {
  if (ended_at) return paint('dim', `ended ${relative(ended_at, now)}`);
  if (in_force) return paint('yellow', `until ${moment(ends_at, now)}`);
  if (ends_at && ends_at <= now) return paint('dim', `over ${relative(ends_at, now)}`);
  return moment(starts_at, now) ?? '-';
}

const scheduleInWords = ({ schedule_cron, timezone }: ListedMaintenance): string =>
  schedule_cron === null
    ? 'once'
    : `${printable(schedule_cron)}${timezone === 'UTC' ? '' : ` ${printable(timezone)}`}`;
