import { sql } from 'kysely';
import { isRunning } from '../../data/bots/fence.ts';
import { examinedBy, type CheckOutcome } from '../tasks/outcome.ts';
import { statement } from '../../batch/statement.ts';
import { retryDelayMs } from '../../transitions/retry-delay.ts';
import type { Stop } from '../../children/protocol.ts';
import type { Run } from './run.ts';

export type FinalStatus = 'success' | 'failed' | 'timeout' | 'cancelled';

/** How an attempt ended, before anybody asks whether another one is left. */
export interface Ending {
  status: FinalStatus;
  reason: string | null;
  error: string | null;
  outcomes: CheckOutcome[];
  findings: number;
  actions: number;
}

/**
 * A run is a success when at least one check passed or failed and none errored. `timeout` and
 * `cancelled` come from outside and win over what the checks said.
 */
export function endingOf(
  outcomes: CheckOutcome[],
  stopped: Stop | null,
): Pick<Ending, 'status' | 'reason' | 'error'> {
  if (stopped === 'timeout')
    return { status: 'timeout', reason: 'timeout', error: 'the deadline passed' };
  if (stopped === 'cancelled') return { status: 'cancelled', reason: 'cancelled', error: null };
  const errored = outcomes.find((outcome) => outcome.status === 'errored');
  if (errored)
    return {
      status: 'failed',
      reason: 'check errored',
      error: `${errored.name}: ${'reason' in errored ? errored.reason : ''}`,
    };
  if (!outcomes.some((outcome) => 'result' in outcome))
    return { status: 'failed', reason: 'no checks performed', error: 'every check was skipped' };
  return { status: 'success', reason: null, error: null };
}

/** Whether this ending is the run's last: only a failed attempt with attempts left is not. */
export const isFinal = (run: Run, status: FinalStatus): boolean =>
  status !== 'failed' || run.attempt >= run.maxAttempts;

/** A retry's queue entry without its id. */
export interface Retry {
  generation: number;
  delayMs: number;
  priority: number;
}

export interface Finished {
  /** `cancelled` where the attempt failed and somebody had asked to stop the run */
  status: FinalStatus;
  /** open findings that the run saw */
  findings: number;
  /** null when the run has ended */
  retry: Retry | null;
}

/** What {@link finishRuns} takes for one run. */
export interface Finish {
  id: string;
  fence: string;
  /** whether the run ends with this attempt, whatever somebody else asked for */
  last: boolean;
  retry_ms: number;
  status: FinalStatus;
  reason: string | null;
  error_message: string | null;
  checks_performed: number;
  /** null: those that the same transaction has recorded */
  issues_found: number | null;
  actions_taken: number;
  /** components that the checks looked at */
  examined: number;
  metadata: { checks: object[] };
}

export function finishOf(run: Run, ending: Ending, countsFindings: boolean): Finish {
  return {
    id: run.id,
    fence: run.fence,
    last: isFinal(run, ending.status),
    retry_ms: retryDelayMs(run.attempt),
    status: ending.status,
    reason: ending.reason,
    error_message: ending.error,
    examined: examinedBy(ending.outcomes),
    checks_performed: ending.outcomes.filter((outcome) => 'result' in outcome).length,
    issues_found: countsFindings ? null : ending.findings,
    actions_taken: ending.actions,
    metadata: {
      checks: ending.outcomes.map(({ name, title, status, ms, ...rest }) => ({
        name,
        title,
        status,
        ms,
        ...('reason' in rest ? { reason: rest.reason } : { findings: rest.result.findings.length }),
      })),
    },
  };
}

export interface FinishedRow {
  id: string;
  status: FinalStatus | 'queued';
  generation: number;
  issues_found: number;
  priority: number;
}

export const finishedOf = ({ status, retry_ms }: Finish, row: FinishedRow): Finished => ({
  status: row.status === 'queued' ? status : row.status,
  findings: row.issues_found,
  retry:
    row.status === 'queued'
      ? { generation: row.generation, delayMs: retry_ms, priority: row.priority }
      : null,
});

/**
 * `running ->` its end with the bot's counters, or back to `queued` for another attempt; `$1` is a list
 * of {@link Finish}, at most one run of a bot. A failed attempt of a run that somebody wants to end ends
 * it: nothing would ever start it again. Verify runs are outside of the counters;
 * avg_execution_time_ms is the mean over total_runs.
 */
export const finishRuns = statement<FinishedRow>(
  'finish',
  sql`
  WITH ended AS (
    UPDATE bot_executions e
    SET status = CASE WHEN r.last THEN r.status WHEN e.cancel_requested_at IS NULL THEN 'queued' ELSE 'cancelled' END,
        reason = CASE WHEN r.last OR e.cancel_requested_at IS NULL THEN r.reason ELSE 'cancelled' END,
        completed_at = CASE WHEN r.last OR e.cancel_requested_at IS NOT NULL THEN engine.now() END,
        execution_time_ms = CASE WHEN r.last OR e.cancel_requested_at IS NOT NULL
                                 THEN least(extract(epoch FROM engine.now() - e.started_at) * 1000, 2147483647) ELSE e.execution_time_ms END,
        run_after = CASE WHEN NOT r.last AND e.cancel_requested_at IS NULL
                         THEN engine.now() + make_interval(secs => r.retry_ms / 1000.0) END,
        generation = e.generation + (NOT r.last AND e.cancel_requested_at IS NULL)::int,
        checks_performed = r.checks_performed, actions_taken = r.actions_taken,
        issues_found = coalesce(r.issues_found, (
          SELECT count(*) FROM bot_findings f
          WHERE f.bot_id = e.bot_id AND f.resolved_at IS NULL AND f.last_execution_id = e.id AND f.last_fence = e.fence)),
        error_message = r.error_message, metadata = r.metadata, lease_until = NULL
    FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, fence bigint, last boolean, retry_ms int, status text, reason text,
      error_message text, checks_performed int, issues_found int, actions_taken int, metadata jsonb)
    WHERE e.id = r.id AND e.fence = r.fence AND ${isRunning}
    RETURNING e.id, e.bot_id, e.status, e.generation, e.trigger, e.started_at, e.execution_time_ms, e.issues_found
  ), counted AS (
    UPDATE bots b
    SET total_runs = b.total_runs + 1,
        successful_runs = b.successful_runs + (e.status = 'success')::int,
        failed_runs = b.failed_runs + (e.status IN ('failed', 'timeout'))::int,
        avg_execution_time_ms = round((coalesce(b.avg_execution_time_ms, 0)::numeric * b.total_runs + e.execution_time_ms)
                                      / (b.total_runs + 1)),
        last_execution_at = greatest(b.last_execution_at, e.started_at)
    FROM ended e WHERE b.id = e.bot_id AND e.status <> 'queued' AND e.trigger <> 'verify'
  )
  SELECT e.id, e.status, e.generation, e.issues_found, b.priority FROM ended e JOIN bots b ON b.id = e.bot_id`,
);
