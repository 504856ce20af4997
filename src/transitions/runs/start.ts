/**
 * A worker starts queued runs.
 *
 * From: `queued`, of the generation that the worker's entry names, its `run_after` passed, and not asked to cancel.
 * To: `running`, with one more `attempt`, a new `fence`, the worker's name and a lease.
 * By: a worker that has taken the run's entry from the queue.
 * Locks: bots by id, then each run, the runs of a bot one after the other.
 * Zero rows: the worker may not start the run: the run was started, has ended, was queued again elsewhere or is asked to
 *   cancel, or its bot has no free place. In the last case the run that frees a place queues it (queue-next.ts).
 */
import { sql } from 'kysely';
import { statement } from '../../batch/statement.ts';
import { leaseSeconds } from '../../data/bots/fence.ts';

/** A run that was started, with the columns of its bot. */
export interface StartedRow {
  id: string;
  fence: string;
  attempt: number;
  max_attempts: number;
  trigger: 'schedule' | 'manual' | 'backfill' | 'verify';
  started_at: Date;
  bot_id: string;
  name: string;
  api_endpoint: string;
  config: unknown;
  timeout_seconds: number;
  /**
   * whether effects of the bot wait to be undone, or are not known to have happened; missing for a start whose row was read only
   * after the connection was lost
   */
  leftovers?: boolean;
}

/** Starts the runs that may start; `$1` to `$3` are {@link startValues}. */
export const startRuns = statement<StartedRow>(
  'start',
  sql`SELECT * FROM engine.start_runs($1::uuid[], $2::int[], $3::text, make_interval(secs => ${sql.lit(leaseSeconds)}))`,
);

/** `worker` is the name under which the runs are leased. */
export const startValues = (
  entries: { id: string; generation: number }[],
  worker: string,
): unknown[] => [entries.map(({ id }) => id), entries.map(({ generation }) => generation), worker];
