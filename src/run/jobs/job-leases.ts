import { sql } from 'kysely';
import { heldRuns, leaseSeconds } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';
import type { Log } from '../../log.ts';
import { keepRenewing, type Leases } from '../keep-leases.ts';
import type { JobRun } from './job-run.ts';

export type JobLeases = Leases<JobRun>;

/** Renews the leases of all runs of jobs of this process in one statement. */
export const keepJobLeases = (db: Db, log: Log): JobLeases =>
  keepRenewing(async (runs) => {
    const held = heldRuns(runs);
    // A row that a transaction of its own run holds is left to that transaction, which renews the lease itself.
    await sql`
      UPDATE engine.job_runs SET lease_until = engine.now() + make_interval(secs => ${leaseSeconds})
      WHERE id IN (
        -- Locks engine.job_runs by id; rows that others hold are skipped.
        SELECT r.id FROM engine.job_runs r JOIN ${held} ON r.id = held.id AND r.fence = held.fence
        WHERE r.status = 'running' ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED)`.execute(db);
    const { rows } = await sql<{ id: string; cancelled: boolean }>`
      SELECT r.id, r.cancel_requested_at IS NOT NULL AS cancelled
      FROM engine.job_runs r JOIN ${held} ON r.id = held.id AND r.fence = held.fence
      WHERE r.status = 'running'`.execute(db);
    return rows;
  }, log);
