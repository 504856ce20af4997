import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { stuckAfterSeconds, roomSeconds } from './progress.ts';

/** The largest generation that the table allows: a row that was written by hand may come near it. */
export const maxGenerations = 2_000_000_000;

/** Whether any run of a job is queued or running. */
export async function anyOpenJob(db: Db): Promise<boolean> {
  const { rows } = await sql<{ open: boolean }>`
    SELECT EXISTS (SELECT FROM engine.job_runs WHERE status IN ('queued', 'running')) AS open`.execute(
    db,
  );
  return rows[0]!.open;
}

export interface JobsInNeed {
  count: number;
  /** since when the first of them waits; null when there is none */
  since: Date | null;
  /** the job of that run */
  first: string | null;
}

const jobsInNeed = (rows: RawBuilder<unknown>) => sql<JobsInNeed>`
  WITH found AS (${rows})
  SELECT count(*)::int AS count, min(since) AS since, (array_agg(job ORDER BY since, job))[1] AS first FROM found`;

/**
 * Runs of jobs that do not go on, by the limits {@link stuckAfterSeconds} and {@link roomSeconds} as for runs of bots:
 * due and not started although no run of their job is being executed; or left behind by their worker and not taken
 * over.
 */
export async function stalledJobRuns(db: Db): Promise<JobsInNeed> {
  const { rows } = await jobsInNeed(sql`
    SELECT r.job, r.since FROM (
      SELECT job, status,
             CASE status WHEN 'running' THEN lease_until ELSE greatest(queued_at, run_after) END AS since
      FROM engine.job_runs WHERE status IN ('queued', 'running')) r
    WHERE r.since < engine.now() - make_interval(secs => ${stuckAfterSeconds})
      AND (r.status = 'running' OR NOT EXISTS (
        SELECT FROM engine.job_runs o WHERE o.job = r.job AND (o.status = 'running' AND o.lease_until > engine.now()
          OR o.completed_at > engine.now() - make_interval(secs => ${roomSeconds}) AND o.status <> 'skipped')))`).execute(
    db,
  );
  return rows[0]!;
}

/** Jobs whose newest ended run has failed, or took too long. */
export async function failedJobs(db: Db): Promise<JobsInNeed> {
  const { rows } = await jobsInNeed(sql`
    SELECT job, since FROM (
      SELECT DISTINCT ON (job) job, status, completed_at AS since FROM engine.job_runs
      WHERE status IN ('success', 'failed', 'timeout') ORDER BY job, completed_at DESC, id) newest
    WHERE status <> 'success'`).execute(db);
  return rows[0]!;
}

/** How many rows one statement removes; the next statement takes the rest. */
const maxAtOnce = 1_000;

/** Which runs of each job are kept. */
export interface KeptJobRuns {
  /** so many of the newest runs, however old they are */
  runs: number;
  /** the others if they were queued within so many days */
  days: number;
  /** of these, successful and skipped ones only while they are among so many of the newest: a job may run each second */
  successes: number;
}

/**
 * Removes the runs of jobs that are not to be kept ({@link KeptJobRuns}). Running ones stay. A run that has been queued for so
 * long belongs to a job that no version knows any more, and is removed too. `full`: there may be more to remove.
 */
export async function removeOldJobRuns(
  db: Db,
  { days, runs, successes }: KeptJobRuns,
): Promise<{ removed: number; full: boolean }> {
  const newest = (
    nth: number,
  ) => sql`(SELECT n.queued_at FROM engine.job_runs n WHERE n.job = j.name
             ORDER BY n.queued_at DESC OFFSET ${sql.lit(nth - 1)} LIMIT 1)`;
  const { rows } = await sql`
    WITH kept AS MATERIALIZED (
      SELECT j.name, ${newest(runs)} AS always, ${newest(successes)} AS successes FROM engine.jobs j
    )
    DELETE FROM engine.job_runs WHERE id IN (
      SELECT r.id FROM kept JOIN engine.job_runs r ON r.job = kept.name
      WHERE r.status <> 'running' AND r.queued_at < kept.always
        AND (r.queued_at < engine.now() - make_interval(days => ${days})
          OR r.status IN ('success', 'skipped') AND r.queued_at < kept.successes)
      -- Locks engine.job_runs by id; rows that others hold are skipped.
      ORDER BY r.id LIMIT ${maxAtOnce} FOR UPDATE OF r SKIP LOCKED)
    RETURNING id`.execute(db);
  return { removed: rows.length, full: rows.length === maxAtOnce };
}

export type JobRunRow = Selectable<Database['engine.job_runs']>;

export interface KnownJob {
  name: string;
  /** its newest run that was not skipped */
  newest: JobRunRow | null;
  /** its runs that have a row, without skipped ones */
  runs: number;
  /** those of them that failed or took too long */
  failures: number;
}

/** Every job that has a row, by name. */
export async function listJobs(db: Db): Promise<KnownJob[]> {
  const counts = await sql<Omit<KnownJob, 'newest'>>`
    SELECT j.name, count(r.id) FILTER (WHERE r.status <> 'skipped')::int AS runs,
           count(r.id) FILTER (WHERE r.status IN ('failed', 'timeout'))::int AS failures
    FROM engine.jobs j LEFT JOIN engine.job_runs r ON r.job = j.name
    GROUP BY j.name ORDER BY j.name`.execute(db);
  const newest = await db
    .selectFrom('engine.job_runs')
    .distinctOn('job')
    .selectAll()
    .where('status', '<>', 'skipped')
    .orderBy('job')
    .orderBy('queued_at', 'desc')
    .orderBy('id')
    .execute();
  return counts.rows.map((job) => ({
    ...job,
    newest: newest.find((run) => run.job === job.name) ?? null,
  }));
}

/** The newest runs of a job, skipped ones as well. */
export const jobRunsOf = (db: Db, job: string, limit: number): Promise<JobRunRow[]> =>
  db
    .selectFrom('engine.job_runs')
    .selectAll()
    .where('job', '=', job)
    .orderBy('queued_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();

/** How many runs of a job are kept; null: very many. */
export const countJobRuns = (db: Db, job: string) =>
  countRows(db, db.selectFrom('engine.job_runs').where('job', '=', job));

/** Null where there is no such run. */
export const jobRunOf = async (db: Db, id: string): Promise<JobRunRow | null> =>
  (await db.selectFrom('engine.job_runs').selectAll().where('id', '=', id).executeTakeFirst()) ??
  null;

/** The runs of a job that are queued or running, the running ones first, then in the order in which they were asked for. */
export const openJobRuns = (db: Db, job: string): Promise<JobRunRow[]> =>
  db
    .selectFrom('engine.job_runs')
    .selectAll()
    .where('job', '=', job)
    .where('status', 'in', ['queued', 'running'])
    .orderBy((eb) => eb('status', '=', 'running'), 'desc')
    .orderBy('queued_at')
    .orderBy('id')
    .limit(100)
    .execute();
