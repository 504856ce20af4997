import type { Job } from '../../contract/job.ts';
import { jobRunsOf, type JobRunRow } from '../../data/bots/job-runs.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { listJobs, type ListedJob } from './list.ts';

/** A job with its newest runs. Throws NotFoundError with the nearest names. */
export async function showJob(
  { db, jobs: known }: { db: Db; jobs: readonly Job[] },
  { job: given, limit }: { job: string; limit: number },
): Promise<{ job: ListedJob; runs: JobRunRow[]; now: Date }> {
  const { jobs, now } = await listJobs({ db, jobs: known });
  const job = jobs.find(({ name }) => name === given);
  if (job) return { job, runs: await jobRunsOf(db, given, limit), now };
  const names = jobs.map(({ name }) => name);
  throw new NotFoundError({
    what: `there is no job ${given.trim() || 'without a name'}`,
    why: 'neither the code here nor the database knows one of that name',
    hint: didYouMean(given, names, '`npx roundsman jobs list` shows what there is'),
  });
}
