/**
 * A backup was restored: runs of jobs that waited or ran when it was made are not carried out.
 *
 * From: queued or running.
 * To: cancelled, with the reason `restored`.
 * By: whoever restores a backup (`db restore`), before the restored database is seen by any other session.
 * Locks: runs of jobs by id.
 * Zero rows: no run was open.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** How many runs it ended. */
export async function endRestoredJobs(db: Db): Promise<number> {
  const { rows } = await sql`
    WITH open AS (
      -- Locks engine.job_runs by id.
      SELECT id FROM engine.job_runs WHERE status IN ('queued', 'running') ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE engine.job_runs r
    SET status = 'cancelled', reason = 'restored', completed_at = engine.now(), lease_until = NULL
    FROM open WHERE r.id = open.id
    RETURNING r.id`.execute(db);
  return rows.length;
}
