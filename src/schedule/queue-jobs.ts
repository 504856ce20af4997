import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import { lastingFailure } from '../ground/lasting-failure.ts';
import type { Log } from '../log.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import { claimJobs, type ClaimedJobs } from './claim-jobs.ts';

/**
 * Claims the slots of jobs that are due, and queues their runs. `begin` returns at once, never throws, and does nothing
 * while the one before is under way: what keeps jobs from being claimed keeps no bot from it. `idle` resolves when that
 * has ended.
 */
export function jobClaimer(
  db: Db,
  queue: RunQueue,
  jobs: readonly Job[],
  log: Log,
): { begin(): void; idle(): Promise<void> } {
  let current: Promise<void> | null = null;
  const all = lastingFailure(
    (error, times) => log.error({ err: error, times }, 'jobs could not be claimed'),
    (times) => log.info({ times }, 'jobs can be claimed again'),
  );
  const single = lastingFailure(
    (jobs, times) => {
      const [first] = jobs as ClaimedJobs['failed'];
      log.error({ err: first!.error, job: first!.job, times }, 'a job could not be claimed');
    },
    (times) => log.info({ times }, 'every job can be claimed again'),
  );

  async function claim(): Promise<void> {
    const { queued, skipped, failed } = await claimJobs(db, jobs);
    if (failed[0]) single.failed(failed);
    else single.succeeded();
    if (queued.length + skipped > 0) log.info({ queued: queued.length, skipped }, 'jobs claimed');
    // Where that fails rescue finds the rows without an entry.
    await queue.add(queued);
  }

  return {
    begin() {
      current ??= claim()
        .then(all.succeeded, all.failed)
        .finally(() => {
          current = null;
        });
    },
    idle: () => current ?? Promise.resolve(),
  };
}
