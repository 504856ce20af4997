/**
 * Extends the leases of running runs of jobs.
 *
 * From: `running`, under its fence.
 * To: `running`, with a `lease_until` one lease length from now, and with what it has done until now: where its worker is killed, that
 *   is what is known of it.
 * By: the worker that executes the runs.
 * Locks: engine.job_runs by id; rows that others hold are skipped: the transaction of a run renews its own lease.
 * Zero rows: the run was taken over or has ended, or the transaction that holds its row renews it.
 */
import { sql } from 'kysely';
import { leaseSeconds, type Fenced } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

export interface LeasedJob extends Fenced {
  /** JSON of what it has done until now; null: its row keeps what it has */
  figures(): string | null;
}

export const renewJobLeases = (db: Db, runs: readonly LeasedJob[]) =>
  sql`
    WITH mine AS (
      SELECT * FROM unnest(${runs.map(({ id }) => id)}::uuid[], ${runs.map(({ fence }) => fence)}::bigint[], ${runs.map((run) => run.figures())}::jsonb[])
        AS mine (id, fence, figures)
    ), held AS (
      -- Locks engine.job_runs by id; rows that others hold are skipped.
      SELECT r.id, mine.figures FROM engine.job_runs r JOIN mine ON r.id = mine.id AND r.fence = mine.fence
      WHERE r.status = 'running' ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED
    )
    UPDATE engine.job_runs r SET lease_until = engine.now() + make_interval(secs => ${leaseSeconds}),
      figures = coalesce(held.figures, r.figures)
    FROM held WHERE r.id = held.id`.execute(db);
