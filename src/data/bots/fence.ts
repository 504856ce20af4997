import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { pendingExecutions } from '../../database/execution-statuses.ts';
import { faultBehind } from '../../database/faults/fault-behind.ts';
import { retryFaults, type Limits } from '../../database/faults/retry-faults.ts';

/** The lease of a run: when it ends without being renewed, rescue takes the run over. */
export const leaseSeconds = 5;

/** One start of a run: every write of this start names both. */
export interface Fenced {
  id: string;
  fence: string;
}

/**
 * Whether a run `e`, which is looked up by its id, is running. It is written so that the planner cannot use the index
 * of running rows for it: that index still has an entry for each run that has ended since the last vacuum. The
 * planner, which expects few running rows, would read that whole index instead of looking up the ids.
 */
export const isRunning = sql<boolean>`e.status IS NOT DISTINCT FROM 'running'`;

/**
 * The run `e` for each row of `input` (id, fence), if it is running under that fence. The ids are repeated as an
 * array. The planner estimates a hundred rows for any list of rows, but ten for any array: with the array it looks up
 * the ids, instead of walking along the whole index of a table that has grown since it was analysed.
 */
export const isUnderFence = (input: string) =>
  sql<boolean>`e.id = ANY (ARRAY(SELECT id FROM ${sql.ref(input)}))
      AND e.id = ${sql.ref(`${input}.id`)} AND e.fence = ${sql.ref(`${input}.fence`)} AND ${isRunning}`;

/** Whether a run is queued or running, written exactly as in the partial indexes of such runs; `run` is its alias. */
export const isPending = (run: string) =>
  sql<boolean>`${sql.ref(`${run}.status`)} IN (${sql.join(pendingExecutions.map((status) => sql.lit(status)))})`;

/** The ids and fences of these runs as a table `mine (id, fence)`. */
export const runsAsTable = (runs: Fenced[]) =>
  sql`unnest(${runs.map((run) => run.id)}::uuid[], ${runs.map((run) => run.fence)}::bigint[]) AS mine (id, fence)`;

/**
 * Entries of the queue as rows `entry (id, generation)`: a run that was queued again since has a higher generation.
 */
export const namedByEntries = (entries: { id: string; generation: number }[]) =>
  sql`unnest(${entries.map(({ id }) => id)}::uuid[], ${entries.map(({ generation }) => generation)}::int[]) AS entry (id, generation)`;

/** Another start took the run over, or the run was ended from outside: the results of this start are dropped. */
export class LostRunError extends Error {
  constructor({ id, fence }: Fenced) {
    super(`run ${id} does not run under fence ${fence} any more`);
    this.name = 'LostRunError';
  }
}

/**
 * One recording transaction of a run: locks the run's row first, and goes on only while the run is running under this
 * fence. Otherwise it throws {@link LostRunError}, and nothing was written. While the row is locked no other
 * transaction can renew the lease, so a long transaction renews it at its end.
 */
export const underFence = <Result>(
  db: Db,
  { id, fence }: Fenced,
  write: (trx: Transaction<Database>, run: { cancelled: boolean }) => Promise<Result>,
): Promise<Result> =>
  db.transaction().execute(async (trx) => {
    const began = performance.now();
    const run = await trx
      .selectFrom('bot_executions as e')
      .select(sql<boolean>`cancel_requested_at IS NOT NULL`.as('cancelled'))
      .select(sql<boolean>`lease_until < engine.now() + interval '2 seconds'`.as('expiring'))
      .where('id', '=', id)
      .where('fence', '=', fence)
      .where(isRunning)
      .forUpdate()
      .executeTakeFirst();
    if (!run) throw new LostRunError({ id, fence });
    const result = await write(trx, run);
    // Also renewed when the lease is about to end: an earlier holder of the row, which was ended meanwhile, may have
    // kept others from renewing it.
    if (run.expiring || performance.now() - began > 1_000)
      await trx
        .updateTable('bot_executions as e')
        .set({ lease_until: sql<Date>`engine.now() + make_interval(secs => ${leaseSeconds})` })
        .where('id', '=', id)
        .where(isRunning)
        .execute();
    return result;
  });

/**
 * The same as {@link underFence}, but tries again if another transaction won a conflict or locked a row for too long. It does not
 * try again after a lost connection, because the transaction may have been committed: then the run fails, and its next
 * attempt continues from the rows that it finds.
 */
export const retryUnderFence = <Result>(
  within: Limits & { db: Db },
  run: Fenced,
  write: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  retryFaults(
    within,
    () => underFence(within.db, run, write),
    (error) => ['conflict', 'timeout'].includes(faultBehind(error) ?? ''),
  );
