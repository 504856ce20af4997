import { sql } from 'kysely';
import { leaseSeconds } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';
import type { Log } from '../../log.ts';
import type { JobRun } from './job-run.ts';

const renewEveryMs = 1_500;

export interface JobLeases {
  add(run: JobRun): void;
  remove(run: JobRun): void;
  /** the runs of jobs that this process carries */
  all(): JobRun[];
  stop(): void;
}

/**
 * Renews the leases of all runs of jobs of this process in one statement. A run that is no longer held under its fence
 * is stopped as lost; one whose end was asked for is stopped as cancelled.
 */
export function keepJobLeases(db: Db, log: Log): JobLeases {
  const runs = new Map<string, JobRun>();
  let renewing = false;

  async function renew(): Promise<void> {
    const asked = [...runs.values()];
    if (asked.length === 0) return;
    const held = sql`unnest(${asked.map(({ id }) => id)}::uuid[], ${asked.map(({ fence }) => fence)}::bigint[]) AS held (id, fence)`;
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
    const kept = new Map(rows.map((row) => [row.id, row]));
    for (const run of asked) {
      // It may have ended while the statement was under way.
      if (runs.get(run.id) !== run) continue;
      if (!kept.has(run.id)) run.stop('lost');
      else if (kept.get(run.id)!.cancelled) run.stop('cancelled');
    }
  }

  const timer = setInterval(() => {
    if (renewing) return;
    renewing = true;
    renew()
      .catch((error: unknown) => log.warn({ err: error }, 'leases of jobs could not be renewed'))
      .finally(() => {
        renewing = false;
      });
  }, renewEveryMs);
  timer.unref();

  return {
    add: (run) => void runs.set(run.id, run),
    remove: (run) => void (runs.get(run.id) === run && runs.delete(run.id)),
    all: () => [...runs.values()],
    stop: () => clearInterval(timer),
  };
}
