/**
 * A run of a job ends.
 *
 * From: running.
 * To: success, failed, timeout, cancelled.
 * By: the worker that holds the run, under its fence.
 * Locks: the run.
 * Zero rows: the run was taken over, given back or ended: the worker's result is dropped.
 */
import { sql } from 'kysely';
import type { Fenced } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

/** How a run of a job ended. */
export interface JobEnding {
  status: 'success' | 'failed' | 'timeout' | 'cancelled';
  reason: string | null;
  error: string | null;
  /** JSON text */
  figures: string | null;
}

/** False for zero rows. */
export async function endJob(
  db: Db,
  { id, fence }: Fenced,
  { status, reason, error, figures }: JobEnding,
): Promise<boolean> {
  const { rows } = await sql`
    UPDATE engine.job_runs
    SET status = ${status}, reason = ${reason}, error_message = ${error}, figures = ${figures}::jsonb,
        completed_at = engine.now(), lease_until = NULL
    WHERE id = ${id} AND fence = ${fence} AND status = 'running'
    RETURNING id`.execute(db);
  return rows.length > 0;
}
