import { sql } from 'kysely';
import { runsAsTable } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';
import type { Emit } from '../../events/events.ts';
import { renewJobLeases } from '../../transitions/jobs/renew-lease.ts';
import { keepRenewing, type Leases } from '../keep-leases.ts';
import type { JobRun } from './job-run.ts';

export type JobLeases = Leases<JobRun>;

/**
 * Renews the leases of all runs of jobs of this process in one statement, then reads which are still held, and which a
 * person asked to cancel.
 */
export const keepJobLeases = (db: Db, emit: Emit): JobLeases =>
  keepRenewing(async (runs) => {
    await renewJobLeases(db, runs);
    const { rows } = await sql<{ id: string; cancelled: boolean }>`
      SELECT r.id, r.cancel_requested_at IS NOT NULL AS cancelled
      FROM engine.job_runs r JOIN ${runsAsTable(runs)} ON r.id = mine.id AND r.fence = mine.fence
      WHERE r.status = 'running'`.execute(db);
    return rows;
  }, emit);
