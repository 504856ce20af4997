import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import { endCancelledJobs } from '../transitions/jobs/end-cancelled.ts';
import { endLostJobs } from '../transitions/jobs/end-lost.ts';
import { queueJobsAgain } from '../transitions/jobs/queue-again.ts';
import { takeOverJobs } from '../transitions/jobs/take-over.ts';
import { anyOpenJob } from '../data/bots/job-runs.ts';
import { dueJobs } from './due-jobs.ts';
import { lostEntries } from './lost-entries.ts';
import type { Cursor } from './oldest-due.ts';

/** Runs examined by one query; the next query continues after the last of them. */
const batch = 500;

export interface RescuedJobs {
  /** queued runs whose entry was missing */
  queued: number;
  /**
   * running runs whose lease ran out: queued again, or ended when no attempt was left; and waiting runs whose
   * cancellation was asked for
   */
  takenOver: number;
  ended: number;
}

/**
 * Does for runs of jobs what `rescuer` does for runs of bots: lost workers and lost entries cost only seconds. Runs of
 * a job that this version does not know are left to processes that know it. Any number of processes may do it at once.
 */
export function jobRescuer(
  db: Db,
  queue: RunQueue,
  jobs: readonly Job[],
): () => Promise<RescuedJobs> {
  let after: Cursor | null = null;

  return async () => {
    // In most seconds no run of a job is open: then this one query is enough.
    if (!(await anyOpenJob(db))) return { queued: 0, takenOver: 0, ended: 0 };
    const ended = (await endLostJobs(db, batch)) + (await endCancelledJobs(db, batch));
    const again = await takeOverJobs(db, batch);
    // Runs that were running go first: behind a backlog their recovery would take as long as the backlog.
    await queue.add(again.map((entry) => ({ ...entry, first: true })));
    const { due, end } = await dueJobs(db, jobs, { seconds: 2, limit: batch, after });
    after = end;
    const found = await queueJobsAgain(db, await lostEntries(queue, due));
    await queue.add(found);
    return { queued: found.length, takenOver: again.length, ended };
  };
}
