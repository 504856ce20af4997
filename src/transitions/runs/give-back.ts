/**
 * A worker that stops gives back the runs that did not end in time.
 *
 * From: `running`, under its fence.
 * To: `queued` with the next generation, the attempt not counted. A run that was asked to cancel stays `running` with a
 *   lease that has run out: rescue ends it, as it ends every run without a worker (end-lost.ts).
 * By: the worker that executes the runs, at the end of its drain.
 * Locks: bot_executions by id; rows that other transactions hold are skipped.
 * Zero rows: the run has ended or was taken over, or a transaction of the run still holds its row:
 *   {@link runsToGiveBack} tells which.
 */
import { sql } from 'kysely';
import { runsAsTable, isRunning, type Fenced } from '../../data/bots/fence.ts';
import { tookMs } from '../../data/bots/run-duration.ts';
import type { Db } from '../../database/connect.ts';
import type { RunEntry } from '../../queue/run-queue.ts';

/** Excludes runs that were asked to cancel and whose lease has run out already: rescue ends them. */
const mayBeGivenBack = sql`(e.cancel_requested_at IS NULL OR e.lease_until > engine.now())`;

/**
 * Gives back the runs whose rows are not locked. Their later results are dropped, because the rows are no longer
 * running under their fences.
 */
export async function giveBackRuns(
  db: Db,
  runs: Fenced[],
): Promise<(RunEntry & { status: string })[]> {
  const { rows } = await sql<RunEntry & { status: string }>`
    UPDATE bot_executions e
    SET status = CASE WHEN f.cancelled THEN e.status ELSE 'queued' END,
        reason = CASE WHEN f.cancelled THEN e.reason ELSE 'given back' END,
        attempt = e.attempt - (NOT f.cancelled)::int, generation = e.generation + (NOT f.cancelled)::int,
        -- The time for which it ran, so that from then on it counts as waiting.
        execution_time_ms = CASE WHEN f.cancelled THEN e.execution_time_ms ELSE ${tookMs} END,
        lease_until = CASE WHEN f.cancelled THEN least(e.lease_until, engine.now()) END, run_after = NULL
    FROM bots b, (
      SELECT e.id, e.cancel_requested_at IS NOT NULL AS cancelled
      FROM bot_executions e JOIN ${runsAsTable(runs)} ON e.id = mine.id AND e.fence = mine.fence
      WHERE ${isRunning} AND ${mayBeGivenBack}
      -- Locks bot_executions by id; rows that others hold are skipped.
      ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
    ) f
    WHERE b.id = e.bot_id AND e.id = f.id
    RETURNING e.id, e.generation, b.priority, e.status`.execute(db);
  return rows;
}

/** The ids of the runs that could not be given back yet. */
export async function runsToGiveBack(db: Db, runs: Fenced[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    SELECT e.id FROM bot_executions e JOIN ${runsAsTable(runs)} ON e.id = mine.id AND e.fence = mine.fence
    WHERE ${isRunning} AND ${mayBeGivenBack}`.execute(db);
  return new Set(rows.map(({ id }) => id));
}
