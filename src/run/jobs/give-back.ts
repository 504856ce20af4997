import { giveBackJobs, jobsToGiveBack } from '../../transitions/jobs/give-back.ts';
import { giveBackWhatIsFree } from '../give-back.ts';
import type { JobEngine } from './job-engine.ts';
import type { JobRun } from './job-run.ts';

/**
 * Gives runs of jobs back that a drain could not wait for: `queued` again, the attempt not counted. They are stopped
 * first, so that none begins a transaction any more.
 */
export function giveBack(
  { db, queue }: Pick<JobEngine, 'db' | 'queue'>,
  runs: JobRun[],
): Promise<number> {
  for (const run of runs) run.stop('drain');
  return giveBackWhatIsFree(queue, runs, {
    async give(left) {
      const entries = await giveBackJobs(db, left);
      return { given: entries.length, entries };
    },
    remaining: (left) => jobsToGiveBack(db, left),
  });
}
