/**
 * Rescue queues runs of jobs again whose worker is lost.
 *
 * From: running, with a lease that has run out, and an attempt left.
 * To: queued.
 * By: rescue, in any process.
 * Locks: runs of jobs, those that are lost longest first; rows that others hold are skipped.
 * Zero rows: no run is lost, or other processes are taking it over.
 */
import { maxGenerations } from '../../data/bots/job-runs.ts';
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { JobEntry } from '../../queue/entry.ts';

export async function takeOverJobs(db: Db, maxRows: number): Promise<JobEntry[]> {
  const { rows } = await sql<Omit<JobEntry, 'kind'>>`
    WITH lost AS (
      -- Locks engine.job_runs, those that are lost longest first; rows that others hold are skipped.
      SELECT id FROM engine.job_runs
      WHERE status = 'running' AND lease_until < engine.now()
        AND attempt < max_attempts AND cancel_requested_at IS NULL
      ORDER BY lease_until LIMIT ${maxRows} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE engine.job_runs r
    SET status = 'queued', reason = 'worker lost', error_message = 'the lease of worker ' || r.worker || ' ran out',
        generation = least(r.generation + 1, ${maxGenerations}), lease_until = NULL
    FROM lost WHERE r.id = lost.id
    RETURNING r.id, r.generation`.execute(db);
  return rows.map((row) => ({ kind: 'job', ...row }));
}
