/**
 * Requests a run of a job.
 *
 * From: no row.
 * To: queued; rescue puts it into the queue within a second or two.
 * By: any code that wants a run of the job.
 * Locks: none.
 * Zero rows: never; the foreign key refuses a job that no process has registered.
 */
import type { Job } from '../../contract/job.ts';
import type { Db } from '../../database/connect.ts';

/** Requests a run of this job and returns its id. The payload is validated only when the run starts. */
export async function requestJob(
  db: Db,
  { name, maxAttempts }: Pick<Job, 'name' | 'maxAttempts'>,
  payload: unknown = {},
): Promise<string> {
  const { id } = await db
    .insertInto('engine.job_runs')
    .values({ job: name, payload: JSON.stringify(payload), max_attempts: maxAttempts })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
