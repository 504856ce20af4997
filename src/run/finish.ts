import { sql, type Transaction } from 'kysely';
import type { Database } from '../data/connect.ts';
import type { CheckOutcome } from './check.ts';
import type { Run, Stop } from './run.ts';

/** The first retry waits this long, each further one twice as long, up to the most; plus up to a quarter. */
const firstRetrySeconds = 5;
const mostRetrySeconds = 600;

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

export interface Finished {
  /** the retry's queue entry, when there is one */
  retry: { generation: number; delayMs: number; priority: number } | null;
}

/** `running ->` its end with the bot's counters, or back to `queued` for another attempt. Needs the fence. */
export async function finish(
  trx: Transaction<Database>,
  run: Run,
  ending: Ending,
): Promise<Finished> {
  const performed = ending.outcomes.filter((outcome) => 'result' in outcome).length;
  const metadata = JSON.stringify({
    checks: ending.outcomes.map(({ name, title, status, ms, ...rest }) => ({
      name,
      title,
      status,
      ms,
      ...('reason' in rest ? { reason: rest.reason } : { findings: rest.result.findings.length }),
    })),
  });
  const counted = {
    checks_performed: performed,
    issues_found: ending.findings,
    actions_taken: ending.actions,
    reason: ending.reason,
    error_message: ending.error,
    metadata,
  };
  if (isFinal(run, ending.status)) {
    await trx
      .updateTable('bot_executions')
      .set({
        ...counted,
        status: ending.status,
        completed_at: sql<Date>`engine.now()`,
        execution_time_ms: sql<number>`extract(epoch FROM engine.now() - started_at) * 1000`,
        lease_until: null,
      })
      .where('id', '=', run.id)
      .execute();
    if (run.trigger !== 'verify') await count(trx, run, ending.status);
    return { retry: null };
  }
  const delayMs = retryDelayMs(run);
  const row = await trx
    .updateTable('bot_executions as e')
    .from('bots as b')
    .whereRef('b.id', '=', 'e.bot_id')
    .where('e.id', '=', run.id)
    .set({
      ...counted,
      status: 'queued',
      run_after: sql<Date>`engine.now() + make_interval(secs => ${delayMs / 1000})`,
      lease_until: null,
      generation: sql<number>`e.generation + 1`,
    })
    .returning(['e.generation', 'b.priority'])
    .executeTakeFirstOrThrow();
  return { retry: { generation: row.generation, delayMs, priority: row.priority } };
}

function retryDelayMs({ attempt }: Run): number {
  const seconds = Math.min(mostRetrySeconds, firstRetrySeconds * 2 ** (attempt - 1));
  return Math.round(seconds * (1 + Math.random() / 4) * 1000);
}

/** The counters of `bots`; avg_execution_time_ms is the mean over total_runs. */
const count = (trx: Transaction<Database>, run: Run, status: FinalStatus) =>
  sql`
    UPDATE bots b
    SET total_runs = b.total_runs + 1,
        successful_runs = b.successful_runs + ${status === 'success' ? 1 : 0}::int,
        failed_runs = b.failed_runs + ${status === 'failed' || status === 'timeout' ? 1 : 0}::int,
        avg_execution_time_ms = round((coalesce(b.avg_execution_time_ms, 0)::numeric * b.total_runs + e.execution_time_ms)
                                      / (b.total_runs + 1)),
        last_execution_at = greatest(b.last_execution_at, e.started_at)
    FROM bot_executions e
    WHERE e.id = ${run.id}::uuid AND b.id = e.bot_id`.execute(trx);
