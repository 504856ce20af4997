/**
 * A worker starts a run of a job.
 *
 * From: queued.
 * To: running, with an attempt, a new fence and a lease.
 * By: the worker that took the run's entry from the queue.
 * Locks: engine.jobs, the job's row, so that two workers cannot both take its last place; then the run.
 * Zero rows: the run is not this worker's: it was started, ended or queued again elsewhere, is not due yet, is asked to
 *   cancel, or as many runs of the job as its concurrency allows are running; rescue queues it again when one of them
 *   has ended.
 */
import { sql, type Transaction } from 'kysely';
import type { Job } from '../../contract/job.ts';
import { leaseSeconds } from '../../data/bots/fence.ts';
import type { Database } from '../../database/connect.ts';

export interface StartedJob {
  id: string;
  fence: string;
  attempt: number;
  max_attempts: number;
  scheduled_for: Date | null;
  payload: unknown;
  /** what earlier attempts have recorded */
  figures: unknown;
}

export async function startJob(
  trx: Transaction<Database>,
  { id, generation }: { id: string; generation: number },
  { name, concurrency }: Pick<Job, 'name' | 'concurrency'>,
  worker: string,
): Promise<StartedJob | null> {
  await sql`SELECT FROM engine.jobs WHERE name = ${name} FOR NO KEY UPDATE`.execute(trx);
  // A separate statement, so that its snapshot is taken after the lock and it counts the runs that others have started
  // meanwhile.
  const { rows } = await sql<StartedJob>`
    UPDATE engine.job_runs r
    SET status = 'running', attempt = r.attempt + 1, fence = nextval('engine.fence'), worker = ${worker},
        lease_until = engine.now() + make_interval(secs => ${leaseSeconds}), started_at = engine.now(),
        run_after = NULL, reason = NULL, error_message = NULL
    WHERE r.id = ${id} AND r.generation = ${generation} AND r.job = ${name} AND r.status = 'queued'
      AND coalesce(r.run_after <= engine.now(), true) AND r.cancel_requested_at IS NULL
      AND (SELECT count(*) FROM engine.job_runs o WHERE o.job = ${name} AND o.status = 'running') < ${concurrency}::int
    RETURNING r.id, r.fence, r.attempt, r.max_attempts, r.scheduled_for, r.payload, r.figures`.execute(
    trx,
  );
  return rows[0] ?? null;
}
