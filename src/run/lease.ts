import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { heldRuns, isRunning } from '../data/bots/fence.ts';
import type { Log } from '../log.ts';
import { renewLeases } from '../transitions/runs/renew-lease.ts';
import type { Run } from './writer/run.ts';

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
    await renewLeases(db, asked);
    const { rows } = await sql<{ id: string; cancelled: boolean }>`
      SELECT e.id, e.cancel_requested_at IS NOT NULL
             -- or beside the row, while one of its transactions holds it
             OR EXISTS (SELECT FROM engine.cancellations c WHERE c.execution_id = e.id) AS cancelled
      FROM bot_executions e JOIN ${heldRuns(asked)} ON e.id = held.id AND e.fence = held.fence
      WHERE ${isRunning}`.execute(db);
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
