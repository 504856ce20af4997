import { printable } from '../../ground/text.ts';
import {
  listMaintenance as list,
  type ListedMaintenance,
} from '../../services/maintenance/list.ts';
import { withDatabase } from '../session/database.ts';
import { counted, json, paint, relative, shortId, time, upTo } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { scopeInWords } from './words.ts';

export const listMaintenance = (options: {
  all?: true;
  limit: number;
  json?: true;
}): Promise<void> =>
  withDatabase(async ({ db }) => {
    const filter = { all: options.all ?? false, limit: options.limit + 1 };
    const { now, ...found } = await list(db, filter);
    const windows = upTo(found.windows, options.limit);
    if (options.json) return json(windows.map(({ occurrences: _, ...window }) => window));
    maintenanceTable(
      windows,
      now,
      options.all ? 'There was never any maintenance.' : 'No maintenance is in force or to come.',
    );
  });

export function maintenanceTable(windows: ListedMaintenance[], now: Date, empty: string): void {
  table(
    ['Window', 'What', 'Holds back', 'When (UTC)', 'Comes', 'By', 'Why'],
    windows.map((window) => [
      shortId(window.id),
      scopeInWords(window),
      held(window, now),
      when(window, now),
      comes(window),
      printable(window.owner),
      printable(window.reason),
    ]),
    empty,
    ['By', 'Comes'],
    ['Why', 'What'],
  );
}

/** `3 findings, 1 ticket, slots`; `-` where it is over; of one to come what it will skip: what it will hold is not known */
function held(window: ListedMaintenance, now: Date): string {
  const { open_findings, pending_tickets, skip_runs, ended_at, ends_at } = window;
  if (open_findings === null || pending_tickets === null) {
    const isOver = ended_at !== null || (ends_at !== null && ends_at <= now);
    return skip_runs && !isOver ? 'will skip slots' : '-';
  }
  const words = [counted(open_findings, 'finding'), counted(pending_tickets, 'ticket')];
  return [...words, ...(skip_runs ? ['slots'] : [])].join(', ');
}

/** `until 2026-11-22 14:00:00 (in 2h)`, `2026-11-22 22:00:00 (in 10h)`, `ended 3h ago` */
function when({ in_force, starts_at, ends_at, ended_at }: ListedMaintenance, now: Date): string {
  if (ended_at) return paint('dim', `ended ${relative(ended_at, now)}`);
  if (in_force) return paint('yellow', `until ${time(ends_at)} (${relative(ends_at, now)})`);
  if (ends_at && ends_at <= now) return paint('dim', `over ${relative(ends_at, now)}`);
  return `${time(starts_at)} (${relative(starts_at, now)})`;
}

const comes = ({ schedule_cron, timezone }: ListedMaintenance): string =>
  schedule_cron === null
    ? 'once'
    : `${printable(schedule_cron)}${timezone === 'UTC' ? '' : ` ${printable(timezone)}`}`;
