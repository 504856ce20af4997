/**
 * Rescue ends runs of jobs that still wait although a person or a program asked to cancel them.
 *
 * From: queued, with `cancel_requested_at`: the row was written by hand, or the request came while the run was given
 *   back.
 * To: cancelled.
 * By: rescue, in any process.
 * Locks: runs of jobs by id; rows that others hold are skipped.
 * Zero rows: no such run waits, or other processes are ending it.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export async function endCancelledJobs(db: Db, maxRows: number): Promise<number> {
  const { rows } = await sql`
    WITH unwanted AS (
      SELECT id FROM engine.job_runs
      WHERE status = 'queued' AND cancel_requested_at IS NOT NULL
      -- Locks engine.job_runs by id; rows that others hold are skipped.
      ORDER BY id LIMIT ${maxRows} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE engine.job_runs r SET status = 'cancelled', reason = 'cancelled', completed_at = engine.now()
    FROM unwanted WHERE r.id = unwanted.id
    RETURNING r.id`.execute(db);
  return rows.length;
}
