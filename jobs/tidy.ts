import { z } from 'zod';
import { defineJob, type JobContext } from '../src/contract/job.ts';
import { removeOldProgress } from '../src/data/checks/progress.ts';
import { removeOldJobRuns } from '../src/data/bots/job-runs.ts';
import { removeOldGroups } from '../src/data/error-groups/old-groups.ts';
import { removeOldMessages } from '../src/data/notify/old-messages.ts';

/** How far back a person looks. */
const keptDays = 30;
/** How many of each job's newest runs are kept in any case: a weekly job has only eight runs in two months. */
const keptRuns = 10;
/** Successful and skipped runs are kept only among so many of a job's newest: most of a day of a job that runs each minute. */
const keptGood = 1_000;

/**
 * Keeps `engine.job_runs` and `bot_notifications` bounded. Of the runs it keeps the newest of each job, and of the others those
 * that are younger than a month, without the successful and skipped ones that are not among the job's newest {@link keptGood}.
 * Of the progress of runs it keeps what was said within a day, and of groups of errors those that had one within a season. Of the messages it keeps those that are younger than a month, that wait, or that are about a ticket which is not closed.
 */
export const tidy = defineJob({
  name: 'tidy',
  title: 'Remove old runs of jobs, messages, progress and groups of errors',
  payload: z.strictObject({}),
  schedule: '40 3 * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 300,
  async handler(context) {
    return {
      job_runs: await tidyJobRuns(context),
      messages: await tidyMessages(context),
      run_progress: await context.commit(removeOldProgress),
      error_groups: await tidyErrorGroups(context),
    };
  },
});

async function tidyJobRuns({ commit, signal }: JobContext): Promise<number> {
  let all = 0;
  for (;;) {
    signal.throwIfAborted();
    const { removed, full } = await commit((trx) =>
      removeOldJobRuns(trx, { days: keptDays, runs: keptRuns, good: keptGood }),
    );
    all += removed;
    if (!full) return all;
  }
}

/** How many rows one transaction removes at most. */
const maxRows = 5_000;

async function tidyErrorGroups({ commit, signal }: JobContext): Promise<number> {
  for (let all = 0; ;) {
    signal.throwIfAborted();
    const removed = await commit((trx) => removeOldGroups(trx, maxRows));
    if (removed === 0) return all;
    all += removed;
  }
}

/** A message about many tickets stands before or behind those for which it stands: a second walk takes those that are left. */
async function tidyMessages({ commit, signal }: JobContext): Promise<number> {
  let all = 0;
  for (let walk = 0; walk < 2; walk += 1)
    for (let from: string | null = '0'; from !== null;) {
      signal.throwIfAborted();
      const begin: string = from;
      const { removed, next } = await commit((trx) =>
        removeOldMessages(trx, { days: keptDays, from: begin }),
      );
      all += removed;
      from = next;
    }
  return all;
}
