import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';
import { removeOldJobRuns } from '../src/data/bots/job-runs.ts';

/** What a person looks back for; two months of a weekly job are eight rows, which `keep` leaves in any case. */
const keptDays = 30;
const keptRuns = 10;

/** Keeps `engine.job_runs` bounded: of each job its newest runs, and of the others what is younger than a month. */
export const tidy = defineJob({
  name: 'tidy',
  title: 'Remove old runs of jobs',
  payload: z.strictObject({}),
  schedule: '40 3 * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 300,
  async handler({ commit, signal }) {
    let job_runs = 0;
    for (;;) {
      signal.throwIfAborted();
      const { removed, full } = await commit((trx) =>
        removeOldJobRuns(trx, { days: keptDays, runs: keptRuns }),
      );
      job_runs += removed;
      if (!full) return { job_runs };
    }
  },
});
