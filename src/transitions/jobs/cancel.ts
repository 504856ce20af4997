/**
 * A person or a program asks to cancel a run of a job.
 *
 * From: queued, running.
 * To: a queued run is cancelled at once; a running one gets the request, and its worker stops it when it renews the
 *   lease.
 * By: the person or program that asks.
 * Locks: the run.
 * Zero rows: it has ended already.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/**
 * Resolves with the status that the run has now: `cancelled`, or `running` until its worker stops it; null when it had
 * already ended. `by`: the person who asks; of several the first one is kept.
 */
export async function cancelJobRun(
  db: Db,
  id: string,
  by: string | null = null,
): Promise<'cancelled' | 'running' | null> {
  const { rows } = await sql<{ status: 'cancelled' | 'running' }>`
    UPDATE engine.job_runs
    SET cancel_requested_at = coalesce(cancel_requested_at, engine.now()),
        cancel_requested_by = CASE WHEN cancel_requested_at IS NULL THEN ${by} ELSE cancel_requested_by END,
        reason = CASE WHEN status = 'queued' THEN 'cancelled' ELSE reason END,
        completed_at = CASE WHEN status = 'queued' THEN engine.now() END,
        status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END
    WHERE id = ${id} AND status IN ('queued', 'running')
    RETURNING status`.execute(db);
  return rows[0]?.status ?? null;
}
