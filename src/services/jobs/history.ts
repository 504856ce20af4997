import type { Job } from '../../contract/job.ts';
import { countJobRuns, jobRunsOf, type JobRunRow } from '../../data/bots/job-runs.ts';
import type { Db } from '../../database/connect.ts';
import { showJob } from './show.ts';

/** Why a run is there: its slot came, a person asked for it, or a timer or another job of the engine did. */
export type JobTrigger = 'schedule' | 'manual' | 'engine';

export const triggerOf = ({ scheduled_for, requested_by }: JobRunRow): JobTrigger =>
  scheduled_for ? 'schedule' : requested_by ? 'manual' : 'engine';

/**
 * The host of the worker that carries the run, or carried its last attempt; null for a run that never started. The names of
 * workers are `<host>-<process id>-<eight hex digits>`.
 */
export const hostOf = ({ worker }: JobRunRow): string | null =>
  worker && worker.replace(/-\d+-[0-9a-f]{8}$/, '');

/** The newest runs of a job, and how many are kept. Throws NotFoundError with the nearest names. */
export async function jobHistory(
  { db, jobs }: { db: Db; jobs: readonly Job[] },
  { job: given, limit }: { job: string; limit: number },
): Promise<{ runs: JobRunRow[]; count: () => Promise<number | null>; now: Date }> {
  const { job, now } = await showJob({ db, jobs }, { job: given, limit: 1 });
  return {
    runs: await jobRunsOf(db, job.name, limit),
    count: () => countJobRuns(db, job.name),
    now,
  };
}
