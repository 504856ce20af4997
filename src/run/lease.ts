import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { runsAsTable, isRunning } from '../data/bots/fence.ts';
import type { Emit } from '../events/events.ts';
import { writeProgress } from '../transitions/runs/write-progress.ts';
import { renewLeases } from '../transitions/runs/renew-lease.ts';
import { keepRenewing, type Leases as LeasesOf } from './keep-leases.ts';
import type { Run } from './writer/run.ts';

export type Leases = LeasesOf<Run>;

/**
 * Writes the progress that checks have reported since the last renewal. A failed write is ignored, because progress is only shown
 * to people: the next progress is written with the next renewal.
 */
async function writeNewProgress(db: Db, runs: Run[]): Promise<void> {
  const reported = runs.flatMap(({ id, fence, progress }) =>
    progress ? [{ id, fence, ...progress }] : [],
  );
  for (const run of runs) run.progress = null;
  if (reported.length > 0) await writeProgress(db, reported).catch(() => {});
}

/** Renews the leases of all runs of this process in one statement. */
export const keepLeases = (db: Db, emit: Emit): Leases =>
  keepRenewing(async (runs) => {
    await renewLeases(db, runs);
    const { rows } = await sql<{ id: string; cancelled: boolean }>`
      SELECT e.id, e.cancel_requested_at IS NOT NULL
             -- While a transaction of the run locks its row, a request to cancel is stored in engine.cancellations.
             OR EXISTS (SELECT FROM engine.cancellations c WHERE c.execution_id = e.id) AS cancelled
      FROM bot_executions e JOIN ${runsAsTable(runs)} ON e.id = mine.id AND e.fence = mine.fence
      WHERE ${isRunning}`.execute(db);
    await writeNewProgress(db, runs);
    return rows;
  }, emit);
