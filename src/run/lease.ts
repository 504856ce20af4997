import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { heldRuns, isRunning } from '../data/bots/fence.ts';
import type { Emit } from '../events/events.ts';
import { renewLeases } from '../transitions/runs/renew-lease.ts';
import { keepRenewing, type Leases as LeasesOf } from './keep-leases.ts';
import type { Run } from './writer/run.ts';

export type Leases = LeasesOf<Run>;

/** Renews the leases of all runs of this process in one statement. */
export const keepLeases = (db: Db, emit: Emit): Leases =>
  keepRenewing(async (runs) => {
    await renewLeases(db, runs);
    const { rows } = await sql<{ id: string; cancelled: boolean }>`
      SELECT e.id, e.cancel_requested_at IS NOT NULL
             -- While a transaction of the run locks its row, a request to cancel is stored in engine.cancellations.
             OR EXISTS (SELECT FROM engine.cancellations c WHERE c.execution_id = e.id) AS cancelled
      FROM bot_executions e JOIN ${heldRuns(runs)} ON e.id = held.id AND e.fence = held.fence
      WHERE ${isRunning}`.execute(db);
    return rows;
  }, emit);
