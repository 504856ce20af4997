/**
 * Ends runs that no worker executes any more and that may not be started again.
 *
 * From: `running` with a lease that has run out, and with no attempt left or asked to cancel; or `queued` for another
 *   attempt, and asked to cancel.
 * To: `cancelled` when that was requested, else `failed` with reason `worker lost`; with the bot's counters.
 * By: rescue, in any process; it escalates what the runs have recorded in between, in the same transaction.
 * Locks: bot_executions by id, each with its bot; rows that other transactions hold are skipped.
 * Zero rows: the runs are executed again, were taken over or ended meanwhile, or another transaction holds them or their bots.
 */
import { sql, type Transaction } from 'kysely';
import type { Fenced } from '../../data/bots/fence.ts';
import { hasBegun, leaseOver, leaseRanOutInWords, mayGoOn } from '../../data/bots/lost-run.ts';
import { meanDuration, tookMs } from '../../data/bots/run-duration.ts';
import type { Database, Db } from '../../database/connect.ts';

/** A run that is to end; `waits`: it was queued for another attempt. */
export type LostRun = Fenced & { waits: boolean; worker: string };

const isLost = sql`(${leaseOver} AND NOT ${mayGoOn})`;
/** Whether the run `e` waits for another attempt that no worker will start, because a person asked to cancel the run. */
const isCancelledBetween = sql`(e.status = 'queued' AND e.cancel_requested_at IS NOT NULL AND ${hasBegun})`;

/** The ids of at most `maxRows` such runs, in random order: runs that cannot be ended must not come first each time. */
export async function findLostRuns(db: Db, maxRows: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM (
      SELECT e.id FROM bot_executions e WHERE ${isLost}
      UNION ALL SELECT e.id FROM bot_executions e WHERE ${isCancelledBetween}
    ) lost ORDER BY random() LIMIT ${maxRows}`.execute(db);
  return rows.map(({ id }) => id);
}

/**
 * Locks the runs that are still lost, and makes all of them `running`, because escalation expects running runs. No other
 * transaction sees that, because {@link endLostRuns} ends them in the same transaction.
 */
export async function lockLostRuns(trx: Transaction<Database>, ids: string[]): Promise<LostRun[]> {
  const { rows: lost } = await sql<LostRun>`
    SELECT e.id, e.fence, e.worker, e.status = 'queued' AS waits FROM bot_executions e JOIN bots b ON b.id = e.bot_id
    WHERE e.id = ANY (${ids}::uuid[]) AND (${isLost} OR ${isCancelledBetween})
    -- Locks bot_executions by id, each with its bot; rows that others hold are skipped.
    ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED FOR NO KEY UPDATE OF b SKIP LOCKED`.execute(
    trx,
  );
  const waiting = waitingIds(lost);
  if (waiting.length > 0)
    await sql`
      UPDATE bot_executions SET status = 'running', lease_until = engine.now()
      WHERE id = ANY (${waiting}::uuid[])`.execute(trx);
  return lost;
}

/** Ends the runs that {@link lockLostRuns} has locked. */
export async function endLostRuns(trx: Transaction<Database>, lost: LostRun[]): Promise<void> {
  const waited = sql`e.id = ANY (${waitingIds(lost)}::uuid[])`;
  await sql`
    WITH ended AS (
      UPDATE bot_executions e
      SET status = CASE WHEN e.cancel_requested_at IS NULL THEN 'failed' ELSE 'cancelled' END,
          reason = CASE WHEN e.cancel_requested_at IS NULL THEN 'worker lost' ELSE 'cancelled' END,
          error_message = CASE WHEN ${waited} THEN e.error_message ELSE ${leaseRanOutInWords} END,
          execution_time_ms = CASE WHEN ${waited} THEN e.execution_time_ms ELSE ${tookMs} END,
          completed_at = engine.now(), generation = e.generation + 1, lease_until = NULL, run_after = NULL
      WHERE e.id = ANY (${lost.map(({ id }) => id)}::uuid[])
      RETURNING e.bot_id, e.status, e.trigger, e.execution_time_ms, e.started_at
    )
    UPDATE bots b
    SET total_runs = b.total_runs + m.runs, failed_runs = b.failed_runs + m.failed,
        avg_execution_time_ms = ${meanDuration(sql`m.runs`, sql`m.timed`, sql`m.ms`)},
        last_execution_at = greatest(b.last_execution_at, m.started_at)
    FROM (SELECT bot_id, count(*) AS runs, count(*) FILTER (WHERE status = 'failed') AS failed,
                 count(execution_time_ms) AS timed, coalesce(sum(execution_time_ms), 0) AS ms, max(started_at) AS started_at
          FROM ended WHERE trigger <> 'verify' GROUP BY bot_id) m
    WHERE b.id = m.bot_id`.execute(trx);
}

const waitingIds = (lost: LostRun[]): string[] =>
  lost.filter(({ waits }) => waits).map(({ id }) => id);
