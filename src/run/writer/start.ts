import { sql } from 'kysely';
import type { RunEntry } from '../../queue/run-queue.ts';
import { leaseSeconds } from '../../data/bots/fence.ts';
import { statement } from '../../batch/statement.ts';
import type { Stop } from '../../children/protocol.ts';
import type { Run } from './run.ts';

/** A run that was started, with what its bot says. */
export interface StartedRow {
  id: string;
  fence: string;
  attempt: number;
  max_attempts: number;
  trigger: Run['trigger'];
  started_at: Date;
  bot_id: string;
  name: string;
  api_endpoint: string;
  config: unknown;
  timeout_seconds: number;
  /** not asked of a start that is found again after its connection was lost */
  leftovers?: boolean;
}

/**
 * `queued -> running`: each takes an attempt, a new fence and a lease. No row back when a run is not
 * ours: it was started, finished or queued again elsewhere, or its bot has no place free (then whoever
 * frees one queues it).
 */
export const startRuns = statement<StartedRow>(
  'start',
  sql`SELECT * FROM engine.start_runs($1::uuid[], $2::int[], $3::text, make_interval(secs => ${sql.lit(leaseSeconds)}))`,
);

/** `$1` to `$3` of {@link startRuns}. */
export const startValues = (entries: RunEntry[], worker: string): unknown[] => [
  entries.map(({ id }) => id),
  entries.map(({ generation }) => generation),
  worker,
];

export function runOf(row: StartedRow): Run {
  const controller = new AbortController();
  return {
    id: row.id,
    fence: row.fence,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    trigger: row.trigger,
    startedAt: row.started_at,
    bot: { id: row.bot_id, name: row.name, endpoint: row.api_endpoint, config: row.config },
    timeoutMs: row.timeout_seconds * 1000,
    pendingEffects: row.leftovers ?? true,
    signal: controller.signal,
    stop: (why: Stop) => controller.abort(why),
  };
}
