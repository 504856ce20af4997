import { sql } from 'kysely';
import type { Db } from '../data/connect.ts';
import type { Log } from '../log.ts';
import type { Run } from './run.ts';

/** A run whose lease ran out is taken over by rescue. */
export const leaseSeconds = 5;
const renewEveryMs = 1_500;

export interface Leases {
  add(run: Run): void;
  remove(run: Run): void;
  /** the runs that this process carries */
  all(): Run[];
  stop(): void;
}

/**
 * Renews the leases of all runs of this process in one statement. A run that does not come back was
 * taken over and is stopped as lost; one whose cancellation was requested is stopped as cancelled.
 */
export function keepLeases(db: Db, log: Log): Leases {
  const runs = new Map<string, Run>();
  let renewing = false;

  async function renew(): Promise<void> {
    const asked = [...runs.values()];
    if (asked.length === 0) return;
    const { rows } = await sql<{ id: string; cancelled: boolean }>`
      UPDATE bot_executions e
      SET lease_until = engine.now() + make_interval(secs => ${leaseSeconds})
      FROM unnest(${asked.map((run) => run.id)}::uuid[], ${asked.map((run) => run.fence)}::bigint[]) AS held (id, fence)
      WHERE e.id = held.id AND e.fence = held.fence AND e.status = 'running'
      RETURNING e.id, e.cancel_requested_at IS NOT NULL AS cancelled`.execute(db);
    const kept = new Map(rows.map((row) => [row.id, row]));
    for (const run of asked) {
      // It may have finished while the statement was under way.
      if (runs.get(run.id) !== run) continue;
      if (!kept.has(run.id)) run.stop('lost');
      else if (kept.get(run.id)!.cancelled) run.stop('cancelled');
    }
  }

  const timer = setInterval(() => {
    if (renewing) return;
    renewing = true;
    renew()
      .catch((error: unknown) => log.warn({ err: error }, 'leases could not be renewed'))
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
