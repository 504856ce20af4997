import { sql } from 'kysely';
import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import type { JobEntry } from '../queue/run-queue.ts';
import type { Cursor } from './oldest-due.ts';

/**
 * Queued runs of these jobs that have been due for more than `overdueSeconds`, or never had an entry in the queue, and
 * whose job may start a further run, the oldest first. Returns at most `limit` runs that come after `after`, and as
 * `end` the last of them: the next call takes it as `after`. `end` is null when there are no more runs.
 */
export async function dueJobRuns(
  db: Db,
  jobs: readonly Pick<Job, 'name' | 'concurrency'>[],
  { overdueSeconds, limit, after }: { overdueSeconds: number; limit: number; after: Cursor | null },
): Promise<{ due: JobEntry[]; end: Cursor | null }> {
  if (jobs.length === 0) return { due: [], end: null };
  const at = sql`coalesce(r.run_after, r.queued_at)`;
  const { rows } = await sql<Cursor & { generation: number }>`
    WITH startable AS (
      SELECT j.name FROM unnest(${jobs.map(({ name }) => name)}::text[], ${jobs.map(({ concurrency }) => concurrency)}::int[])
        AS j (name, concurrency)
      WHERE (SELECT count(*) FROM engine.job_runs o WHERE o.job = j.name AND o.status = 'running') < j.concurrency
    )
    SELECT r.id, r.generation, ${at}::text AS at FROM engine.job_runs r JOIN startable ON startable.name = r.job
    WHERE r.status = 'queued' AND r.cancel_requested_at IS NULL AND ${at} <= engine.now()
      AND (r.generation = 0 OR ${at} < engine.now() - make_interval(secs => ${overdueSeconds}))
      AND (${after?.at ?? null}::timestamptz IS NULL
           OR (${at}, r.id) > (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY ${at}, r.id LIMIT ${limit}`.execute(db);
  const last = rows.length === limit ? rows.at(-1) : null;
  return {
    due: rows.map(({ id, generation }) => ({ kind: 'job', id, generation })),
    end: last ? { at: last.at, id: last.id } : null,
  };
}
