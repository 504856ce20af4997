/**
 * Rescue ends runs of jobs whose worker is lost.
 *
 * From: running, with a lease that has run out, and with no attempt left or a request to cancel.
 * To: failed (worker lost); cancelled when that was requested.
 * By: rescue, in any process.
 * Locks: runs of jobs by id; rows that others hold are skipped.
 * Zero rows: no run is lost, or other processes are ending it.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export async function endLostJobs(db: Db, maxRows: number): Promise<number> {
  const { rows } = await sql`
    WITH lost AS (
      SELECT id FROM engine.job_runs
      WHERE status = 'running' AND lease_until < engine.now()
        AND (attempt >= max_attempts OR cancel_requested_at IS NOT NULL)
      -- Locks engine.job_runs by id; rows that others hold are skipped.
      ORDER BY id LIMIT ${maxRows} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE engine.job_runs r
    SET status = CASE WHEN r.cancel_requested_at IS NULL THEN 'failed' ELSE 'cancelled' END,
        reason = CASE WHEN r.cancel_requested_at IS NULL THEN 'worker lost' ELSE 'cancelled' END,
        error_message = 'the lease of worker ' || r.worker || ' ran out',
        completed_at = engine.now(), lease_until = NULL
    FROM lost WHERE r.id = lost.id
    RETURNING r.id`.execute(db);
  return rows.length;
}
