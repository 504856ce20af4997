import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import { lastingFailure } from '../ground/lasting-failure.ts';
import type { Emit } from '../events/events.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import { claimJobs, type ClaimedJobs } from './claim-jobs.ts';

/**
 * Claims the slots of jobs that are due, and queues their runs. `begin` returns at once, never throws, and does nothing
 * while the previous claim is under way, so that jobs whose claim takes long delay no bot. `idle` resolves when that claim has
 * ended.
 */
export function jobClaimer(
  db: Db,
  queue: RunQueue,
  jobs: readonly Job[],
  emit: Emit,
): { begin(): void; idle(): Promise<void> } {
  let current: Promise<void> | null = null;
  const wholeClaim = lastingFailure(
    (error, times) => emit('jobs.unclaimed', { err: error, times }),
    (times) => emit('jobs.claimed_again', { times }),
  );
  const singleJobs = lastingFailure(
    (jobs, times) => {
      const [first] = jobs as ClaimedJobs['failed'];
      emit('job.unclaimed', { err: first!.error, job: first!.job, times });
    },
    (times) => emit('job.claimed_again', { times }),
  );

  async function claim(): Promise<void> {
    const { queued, skipped, failed } = await claimJobs(db, jobs);
    if (failed[0]) singleJobs.failed(failed);
    else singleJobs.succeeded();
    if (queued.length + skipped > 0) emit('job.claimed', { queued: queued.length, skipped });
    // When this fails, rescue finds the rows without an entry.
    await queue.add(queued);
  }

  return {
    begin() {
      current ??= claim()
        .then(wholeClaim.succeeded, wholeClaim.failed)
        .finally(() => {
          current = null;
        });
    },
    idle: () => current ?? Promise.resolve(),
  };
}
