/** How long runs take, in SQL: for a run `e` of bot_executions, and for a bot `b`. */
import { sql, type RawBuilder } from 'kysely';

/** Milliseconds since the start of `e`, by the database's clock; the column is an int. */
export const tookMs = sql<number>`least(extract(epoch FROM engine.now() - e.started_at) * 1000, 2147483647)`;

/**
 * The new `bots.avg_execution_time_ms`, the mean over total_runs, when total_runs of `b` grows by `runs`, and `timed`
 * of these took `ms` together. The duration of the others is not known: they leave the mean as it is.
 */
export const meanDuration = (
  runs: RawBuilder<unknown>,
  timed: RawBuilder<unknown>,
  ms: RawBuilder<unknown>,
) => sql<number>`round((coalesce(b.avg_execution_time_ms, 0)::numeric * (b.total_runs + ${runs} - ${timed}) + ${ms})
                       / (b.total_runs + ${runs}))`;
