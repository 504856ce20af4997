/**
 * Rescue ends runs of jobs that wait though their end was asked for.
 *
 * From: queued, with `cancel_requested_at`: a row that was written by hand, or asked to end while it was given back.
 * To: cancelled.
 * By: rescue, in any process.
 * Locks: runs of jobs by id; rows that others hold are skipped.
 * Zero rows: none waits so, or others are ending it.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export async function endCancelledJobs(db: Db, most: number): Promise<number> {
  const { rows } = await sql`
    WITH unwanted AS (
      SELECT id FROM engine.job_runs
      WHERE status = 'queued' AND cancel_requested_at IS NOT NULL
      -- Locks engine.job_runs by id; rows that others hold are skipped.
      ORDER BY id LIMIT ${most} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE engine.job_runs r SET status = 'cancelled', reason = 'cancelled', completed_at = engine.now()
    FROM unwanted WHERE r.id = unwanted.id
    RETURNING r.id`.execute(db);
  return rows.length;
}
