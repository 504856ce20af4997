import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';

/**
 * Inserts the row of each job that the database does not have yet: its slots are due from now on. Rows of jobs of other
 * versions stay. Any number of processes may do it at once.
 */
export async function registerJobs(db: Db, jobs: readonly Job[]): Promise<void> {
  if (jobs.length === 0) return;
  // Locks names in their order, for another process may insert the same ones.
  const names = jobs.map(({ name }) => name).toSorted();
  await db
    .insertInto('engine.jobs')
    .values(names.map((name) => ({ name })))
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
}
