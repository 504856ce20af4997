import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { duration, json, relative, shortId, state, upTo } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { listRuns as list, type ExecutionRow } from '../../services/runs/list.ts';
import type { ExecutionStatus } from '../../services/runs/statuses.ts';

export type ListedRun = ExecutionRow & { bots: { name: string | null } };

/** Why a run ended in this way, or is about to, in one line. */
export function causeOf(run: ExecutionRow): string {
  const { status, reason, cancel_requested_at, cancel_reason, error_message } = run;
  const stopping = status === 'running' && cancel_requested_at ? 'asked to stop' : null;
  const cancelReason = stopping || status === 'cancelled' ? cancel_reason : null;
  return printable([stopping ?? reason, cancelReason, error_message].filter(Boolean).join(': '));
}

/** With `bot`, every row names its bot. */
export const runTable = (runs: ListedRun[], now: Date, empty: string, bot = true): void =>
  table(
    [
      'Run',
      ...(bot ? ['Bot'] : []),
      'Status',
      'Trigger',
      'Started',
      'Took',
      'Checks',
      'Findings',
      'Why',
    ],
    runs.map((run) => [
      shortId(run.id),
      ...(bot ? [printable(run.bots.name ?? '-')] : []),
      state(run.status),
      run.trigger,
      // Until the run starts, started_at holds the time of the claim.
      run.status === 'queued'
        ? run.run_after && run.run_after > now
          ? `due ${relative(run.run_after, now)}`
          : `queued ${relative(run.queued_at, now)}`
        : relative(run.started_at, now),
      // For a run that is tried again, the column holds the duration of the earlier attempts.
      run.completed_at ? duration(run.execution_time_ms) : '-',
      String(run.checks_performed ?? 0),
      String(run.issues_found ?? 0),
      causeOf(run),
    ]),
    empty,
    ['Trigger', 'Checks', 'Findings', 'Took'],
  );

export interface RunsOptions {
  bot?: string;
  status?: ExecutionStatus[];
  since?: number;
  limit: number;
  json?: true;
}

export const listRuns = (options: RunsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, status, since, limit } = options;
    const { now, ...found } = await list(db, { bot, status, since, limit: limit + 1 });
    const runs = upTo(found.runs, limit);
    if (options.json) return json(runs);
    const filtered = bot !== undefined || status || since !== undefined;
    runTable(
      runs,
      now,
      filtered
        ? 'No such run.'
        : 'Nothing has run yet. `npx roundsman up` runs bots by their schedules, `npx roundsman bots run <name>` one now.',
    );
  });
