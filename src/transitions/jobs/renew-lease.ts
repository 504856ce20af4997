/**
 * Extends the leases of running runs of jobs.
 *
 * From: `running`, under its fence.
 * To: `running`, with a `lease_until` one lease length from now.
 * By: the worker that executes the runs.
 * Locks: engine.job_runs by id; rows that others hold are skipped: the transaction of a run renews its own lease.
 * Zero rows: the run was taken over or has ended, or the transaction that holds its row renews it.
 */
import { sql } from 'kysely';
import { runsAsTable, leaseSeconds, type Fenced } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

export const renewJobLeases = (db: Db, runs: Fenced[]) =>
  sql`
    UPDATE engine.job_runs SET lease_until = engine.now() + make_interval(secs => ${leaseSeconds})
    WHERE id IN (
      -- Locks engine.job_runs by id; rows that others hold are skipped.
      SELECT r.id FROM engine.job_runs r JOIN ${runsAsTable(runs)} ON r.id = mine.id AND r.fence = mine.fence
      WHERE r.status = 'running' ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED)`.execute(db);
