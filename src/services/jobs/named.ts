import type { Job } from '../../contract/job.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';

/** The job of this name among those of this version of the code. Throws NotFoundError with the nearest names. */
export function jobOf(jobs: readonly Job[], given: string): Job {
  const job = jobs.find(({ name }) => name === given.trim());
  if (job) return job;
  const names = jobs.map(({ name }) => name);
  throw new NotFoundError({
    what: `there is no job ${given.trim() || 'without a name'}`,
    why: 'the code here knows none of that name',
    hint: didYouMean(given, names, '`npx roundsman jobs list` shows what there is'),
  });
}
