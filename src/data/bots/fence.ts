import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { pendingExecutions } from '../../database/execution-statuses.ts';
import { faultBehind } from '../../database/faults/fault-behind.ts';
import { retryFaults, type Limits } from '../../database/faults/retry-faults.ts';

/** A run whose lease ran out is taken over by rescue. */
export const leaseSeconds = 5;

/** A start of a run: every write that belongs to it names both. */
export interface Fenced {
  id: string;
  fence: string;
}

/**
 * Whether a run `e` that is found by its id is running. Written so that no index can answer it: of the running
 * rows that one has an entry for each run that has ended since the last vacuum, and the planner, who sees few of
 * them running, would read it instead of looking up the ids.
 */
export const isRunning = sql<boolean>`e.status IS NOT DISTINCT FROM 'running'`;

/**
 * Which run `e` each row of `asked` (id, fence) means, if it is running under that fence. The ids stand there once more
 * as a list: then the planner, who takes any list of rows for a hundred and any list of values for ten, looks them up,
 * and does not walk along the whole index of a table that has grown since it was analysed.
 */
export const isHeldAs = (asked: string) =>
  sql<boolean>`e.id = ANY (ARRAY(SELECT id FROM ${sql.ref(asked)}))
      AND e.id = ${sql.ref(`${asked}.id`)} AND e.fence = ${sql.ref(`${asked}.fence`)} AND ${isRunning}`;

/** Whether a run is to come or goes on, in the words that the partial indexes of such runs have; `run` is its alias. */
export const isPending = (run: string) =>
  sql<boolean>`${sql.ref(`${run}.status`)} IN (${sql.join(pendingExecutions.map((status) => sql.lit(status)))})`;

/** Runs as a table `held (id, fence)`. */
export const heldRuns = (runs: Fenced[]) =>
  sql`unnest(${runs.map((run) => run.id)}::uuid[], ${runs.map((run) => run.fence)}::bigint[]) AS held (id, fence)`;

/** Entries of the queue as rows `entry (id, generation)`: a row that has moved on since has another generation. */
export const namedByEntries = (entries: { id: string; generation: number }[]) =>
  sql`unnest(${entries.map(({ id }) => id)}::uuid[], ${entries.map(({ generation }) => generation)}::int[]) AS entry (id, generation)`;

/** Another start took the run over, or it was ended from outside: its results are dropped. */
export class LostRunError extends Error {
  constructor({ id, fence }: Fenced) {
    super(`run ${id} is no longer held under fence ${fence}`);
    this.name = 'LostRunError';
  }
}

/**
 * One recording transaction of a run: locks its row first and goes on only while the run is still
 * running under this fence. Throws {@link LostRunError} otherwise; then nothing was written.
 * While the row is locked no other transaction renews its lease, so a long one does it at its end.
 */
export const underFence = <Result>(
  db: Db,
  { id, fence }: Fenced,
  write: (trx: Transaction<Database>, held: { cancelled: boolean }) => Promise<Result>,
): Promise<Result> =>
  db.transaction().execute(async (trx) => {
    const began = performance.now();
    const held = await trx
      .selectFrom('bot_executions as e')
      .select(sql<boolean>`cancel_requested_at IS NOT NULL`.as('cancelled'))
      .select(sql<boolean>`lease_until < engine.now() + interval '2 seconds'`.as('expiring'))
      .where('id', '=', id)
      .where('fence', '=', fence)
      .where(isRunning)
      .forUpdate()
      .executeTakeFirst();
    if (!held) throw new LostRunError({ id, fence });
    const result = await write(trx, held);
    // Whoever held the row before, and was ended, may have kept it from being renewed as well.
    if (held.expiring || performance.now() - began > 1_000)
      await trx
        .updateTable('bot_executions as e')
        .set({ lease_until: sql<Date>`engine.now() + make_interval(secs => ${leaseSeconds})` })
        .where('id', '=', id)
        .where(isRunning)
        .execute();
    return result;
  });

/**
 * The same, tried again where another transaction won or held a row for too long. Where a connection was lost it may have been
 * committed: then the run fails, and its next attempt takes up what it finds.
 */
export const whileContended = <Result>(
  within: Limits & { db: Db },
  run: Fenced,
  write: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  retryFaults(
    within,
    () => underFence(within.db, run, write),
    (error) => ['conflict', 'timeout'].includes(faultBehind(error) ?? ''),
  );
