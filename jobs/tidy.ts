import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';
import { removeOldJobRuns } from '../src/data/bots/job-runs.ts';

/** How far back a person looks. A weekly job has only eight runs in two months, and `keep` keeps them in any case. */
const keptDays = 30;
const keptRuns = 10;
/** Most of a day of a job that runs each minute. */
const keptGood = 1_000;

/**
 * Keeps `engine.job_runs` bounded: it keeps the newest runs of each job, and of the others those that are younger
 * than a month, without most of those that did what they had to.
 */
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
        removeOldJobRuns(trx, { days: keptDays, runs: keptRuns, good: keptGood }),
      );
      job_runs += removed;
      if (!full) return { job_runs };
    }
  },
});
