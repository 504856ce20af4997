import { giveBackJobs, jobsToGiveBack } from '../../transitions/jobs/give-back.ts';
import { giveBackUnlocked } from '../give-back.ts';
import type { JobEngine } from './job-engine.ts';
import type { JobRun } from './job-run.ts';

/**
 * Gives back the runs of jobs that did not end in the time of a drain: they are `queued` again, and the attempt is not
 * counted. They are stopped first, so that none of them begins another transaction.
 */
export function giveBack(
  { db, queue }: Pick<JobEngine, 'db' | 'queue'>,
  runs: JobRun[],
): Promise<number> {
  for (const run of runs) run.stop('drain');
  return giveBackUnlocked(queue, runs, {
    async give(left) {
      const entries = await giveBackJobs(db, left);
      return { given: entries.length, entries };
    },
    remaining: (left) => jobsToGiveBack(db, left),
  });
}
