/**
 * Requests a run of a job.
 *
 * From: no row.
 * To: queued; rescue puts it into the queue within a second or two, unless the caller does so at once.
 * By: a person, or any code that wants a run of the job.
 * Locks: none.
 * Zero rows: a run of the job waits already, or no process has registered the job.
 */
import { sql } from 'kysely';
import type { Job } from '../../contract/job.ts';
import type { Db } from '../../database/connect.ts';
import type { JobEntry } from '../../queue/entry.ts';

/**
 * Requests a run of this job and returns its id. The payload is validated only when the run starts. `by`: the person who asks;
 * null where no person does.
 */
export async function requestJob(
  db: Db,
  { name, maxAttempts }: Pick<Job, 'name' | 'maxAttempts'>,
  payload: unknown = {},
  by: string | null = null,
): Promise<string> {
  const { id } = await db
    .insertInto('engine.job_runs')
    .values({
      job: name,
      payload: JSON.stringify(payload),
      max_attempts: maxAttempts,
      requested_by: by,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/**
 * Requests a run if one is needed. Returns the entry, which the caller puts into the queue at once. Null if a run of this job
 * waits already (it has not read anything yet, so it will see what the caller has written), or if the job has no free
 * place. Two callers at the same time may both request one.
 */
export async function requestOnce(
  db: Db,
  { name, maxAttempts, concurrency }: Pick<Job, 'name' | 'maxAttempts' | 'concurrency'>,
): Promise<JobEntry | null> {
  const { rows } = await sql<{ id: string; generation: number }>`
    INSERT INTO engine.job_runs (job, generation, max_attempts)
    SELECT j.name, 1, ${maxAttempts}::int FROM engine.jobs j
    WHERE j.name = ${name}
      AND NOT EXISTS (SELECT FROM engine.job_runs r WHERE r.job = j.name AND r.status = 'queued')
      AND (SELECT count(*) FROM engine.job_runs r WHERE r.job = j.name AND r.status = 'running') < ${concurrency}::int
    RETURNING id, generation`.execute(db);
  return rows[0] ? { kind: 'job', ...rows[0] } : null;
}
