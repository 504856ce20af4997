import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import type { Moment } from '../../services/bots/backfill.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { isTable, list, printPart, type Column } from '../listing/list.ts';
import { duration, relative, shortId, state } from '../terminal/print.ts';
import { time } from '../terminal/times.ts';
import { listRuns as read, type ExecutionRow, type ListedRun } from '../../services/runs/list.ts';
import { printDurations } from './durations.ts';
import type { ExecutionStatus } from '../../services/runs/statuses.ts';

/** Why a run ended in this way, or is about to, in one line. */
export function whyOf(run: ExecutionRow): string {
  const { status, reason, cancel_requested_at, cancel_reason, error_message } = run;
  const stopping = status === 'running' && cancel_requested_at ? 'asked to stop' : null;
  const cancelReason = stopping || status === 'cancelled' ? cancel_reason : null;
  return printable([stopping ?? reason, cancelReason, error_message].filter(Boolean).join(': '));
}

/** For a run that is tried again, the column holds the duration of the earlier attempts. */
const isTimed = ({ completed_at, execution_time_ms }: ListedRun): boolean =>
  completed_at !== null && execution_time_ms !== null;

const columns = (now: Date): Column<ListedRun>[] => [
  { name: 'id', head: 'Run', cell: ({ id }) => shortId(id) },
  { name: 'bot', head: 'Bot', cell: ({ bots: { name } }) => name && printable(name) },
  { name: 'status', head: 'Status', cell: ({ status }) => state(status) },
  { name: 'trigger', head: 'Trigger', cell: ({ trigger }) => trigger },
  {
    name: 'started_at',
    head: 'Started',
    cell: (run) => startOf(run, now),
    cellForPrograms: ({ status, started_at }) =>
      status === 'queued' ? null : time(started_at, now),
  },
  {
    name: 'execution_time_ms',
    head: 'Took',
    cell: (run) => (isTimed(run) ? duration(run.execution_time_ms) : null),
    cellForPrograms: (run) => (isTimed(run) ? String(run.execution_time_ms) : null),
  },
  { name: 'checks_performed', head: 'Checks', cell: (run) => String(run.checks_performed ?? 0) },
  { name: 'issues_found', head: 'Findings', cell: (run) => String(run.issues_found ?? 0) },
  { name: 'why', head: 'Why', cell: (run) => whyOf(run), cellForPrograms: ({ reason }) => reason },
  {
    name: 'queued_at',
    head: 'Queued',
    cell: ({ queued_at }) => queued_at && time(queued_at, now),
    onlyForPrograms: true,
  },
  {
    name: 'run_after',
    head: 'Due',
    cell: ({ run_after }) => run_after && time(run_after, now),
    onlyForPrograms: true,
  },
  {
    name: 'cancel_reason',
    head: 'Cancelled because',
    cell: ({ cancel_reason }) => cancel_reason && printable(cancel_reason),
    onlyForPrograms: true,
  },
  {
    name: 'error_message',
    head: 'Error',
    cell: ({ error_message }) => error_message && printable(error_message),
    onlyForPrograms: true,
  },
];

/** Until a run starts, started_at holds the time of the claim. */
const startOf = (run: ListedRun, now: Date): string =>
  run.status === 'queued'
    ? run.run_after && run.run_after > now
      ? `due ${relative(run.run_after, now)}`
      : `queued ${relative(run.queued_at, now)}`
    : relative(run.started_at, now);

const dropWhenNarrow = ['trigger', 'checks_performed', 'issues_found', 'execution_time_ms'];

/** Runs of one bot, as a part of a screen. */
export const runTable = (runs: ListedRun[], now: Date, empty: string): void =>
  printPart({
    rows: runs,
    columns: columns(now).filter(({ name }) => name !== 'bot'),
    empty,
    dropWhenNarrow,
  });

export interface RunsOptions extends ListOptions {
  bot?: string;
  status?: ExecutionStatus[];
  since?: Moment;
  limit: number;
}

export const listRuns = (options: RunsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, status, since, limit } = options;
    const { runs, now, count } = await read(db, { bot, status, since, limit: limit + 1 });
    const isNarrowed = bot !== undefined || status || since !== undefined;
    await list({
      options,
      rows: runs,
      columns: columns(now),
      count,
      empty: isNarrowed
        ? 'No such run.'
        : 'Nothing has run yet. `npx roundsman up` runs bots by their schedules, `npx roundsman bots run <name>` one now.',
      dropWhenNarrow,
    });
    if (isTable(options)) printDurations(runs.slice(0, limit));
  });
