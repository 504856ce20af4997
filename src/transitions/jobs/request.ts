/**
 * A run of a job is asked for.
 *
 * From: no row.
 * To: queued; rescue puts it into the queue within a second or two.
 * By: whoever asks for a run of a job.
 * Locks: none.
 * Zero rows: never; a job that no process has registered is refused by its foreign key.
 */
import type { Job } from '../../contract/job.ts';
import type { Db } from '../../database/connect.ts';

/** Asks for a run of this job and returns its id. What the payload has to be is asked when the run starts. */
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
