/**
 * An attempt of a run ends.
 *
 * From: `running`, under its fence.
 * To: `success`, `failed`, `timeout` or `cancelled`, with the bot's counters; `skipped`, with the reason `kill_switch`, when the mode
 *   forbade every check of it to look; or `queued` with the next generation and
 *   `run_after`, when the attempt failed and was not the last. If a person asked to cancel the run, it becomes `cancelled`
 *   instead, because no worker would start it again.
 * By: the worker that executes the run.
 * Locks: nothing new: the flush has locked the runs and then their bots, each by id (run/writer/flush.ts).
 * Zero rows: the run was taken over, or ended by another process; its results are dropped.
 */
import { sql } from 'kysely';
import { statement } from '../../batch/statement.ts';
import { isUnderFence } from '../../data/bots/fence.ts';
import { meanDuration, tookMs } from '../../data/bots/run-duration.ts';

export type FinalStatus = 'success' | 'failed' | 'timeout' | 'cancelled' | 'skipped';

/** What {@link finishRuns} takes for one run. */
export interface Finish {
  id: string;
  fence: string;
  /** whether the run ends with this attempt, whatever was requested meanwhile */
  last: boolean;
  retry_ms: number;
  status: FinalStatus;
  reason: string | null;
  error_message: string | null;
  checks_performed: number;
  /** null: the number of findings that the same transaction has recorded */
  issues_found: number | null;
  actions_taken: number;
  /** whether a check of the bot gave an answer: only then a storm begins or ends here (data/bots/storms.ts) */
  answered: boolean;
  /** whether healing has gone through all findings that the run saw */
  healing_done: boolean;
  metadata: { checks: object[] };
}

export interface FinishedRow {
  id: string;
  status: FinalStatus | 'queued';
  generation: number;
  issues_found: number;
  priority: number;
}

/** `$1` is a list of {@link Finish}, at most one run of a bot. Verify runs and skipped ones do not change the counters. */
export const finishRuns = statement<FinishedRow>(
  'finish',
  sql`
  WITH input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS input (id uuid, fence bigint, last boolean, retry_ms int, status text,
      reason text, error_message text, checks_performed int, issues_found int, actions_taken int, metadata jsonb)
  ), ended AS (
    UPDATE bot_executions e
    SET status = CASE WHEN input.last THEN input.status WHEN e.cancel_requested_at IS NULL THEN 'queued' ELSE 'cancelled' END,
        reason = CASE WHEN input.last OR e.cancel_requested_at IS NULL THEN input.reason ELSE 'cancelled' END,
        completed_at = CASE WHEN input.last OR e.cancel_requested_at IS NOT NULL THEN engine.now() END,
        execution_time_ms = CASE WHEN input.last OR e.cancel_requested_at IS NOT NULL
                                 THEN ${tookMs} ELSE e.execution_time_ms END,
        run_after = CASE WHEN NOT input.last AND e.cancel_requested_at IS NULL
                         THEN engine.now() + make_interval(secs => input.retry_ms / 1000.0) END,
        generation = e.generation + (NOT input.last AND e.cancel_requested_at IS NULL)::int,
        checks_performed = input.checks_performed, actions_taken = input.actions_taken,
        issues_found = coalesce(input.issues_found, (
          SELECT count(*) FROM bot_findings f
          WHERE f.bot_id = e.bot_id AND f.resolved_at IS NULL AND f.last_execution_id = e.id AND f.last_fence = e.fence)),
        error_message = input.error_message, metadata = input.metadata, lease_until = NULL
    FROM input
    WHERE ${isUnderFence('input')}
    RETURNING e.id, e.bot_id, e.status, e.generation, e.trigger, e.started_at, e.execution_time_ms, e.issues_found
  ), counted AS (
    UPDATE bots b
    SET total_runs = b.total_runs + 1,
        successful_runs = b.successful_runs + (e.status = 'success')::int,
        failed_runs = b.failed_runs + (e.status IN ('failed', 'timeout'))::int,
        avg_execution_time_ms = ${meanDuration(sql`1`, sql`1`, sql`e.execution_time_ms`)},
        last_execution_at = greatest(b.last_execution_at, e.started_at)
    FROM ended e WHERE b.id = e.bot_id AND e.status NOT IN ('queued', 'skipped') AND e.trigger <> 'verify'
  )
  SELECT e.id, e.status, e.generation, e.issues_found, b.priority FROM ended e JOIN bots b ON b.id = e.bot_id`,
);
