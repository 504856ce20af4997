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

/** Runs looked at in one go; the next go continues behind the last one looked at. */
const batch = 500;

export interface RescuedJobs {
  /** queued runs whose entry was missing */
  queued: number;
  /** running ones whose lease ran out: queued again, or ended when no attempt was left; and waiting ones that were to end */
  takenOver: number;
  ended: number;
}

/**
 * The same for runs of jobs as `rescuer` is for runs of bots: lost workers and lost entries cost seconds. Runs of a
 * job that this version does not know are left to processes that know it. Any number of processes may do it at once.
 */
export function jobRescuer(
  db: Db,
  queue: RunQueue,
  jobs: readonly Job[],
): () => Promise<RescuedJobs> {
  let after: Cursor | null = null;

  return async () => {
    // Most seconds there are none: then one question is enough.
    if (!(await anyOpenJob(db))) return { queued: 0, takenOver: 0, ended: 0 };
    const ended = (await endLostJobs(db, batch)) + (await endCancelledJobs(db, batch));
    const again = await takeOverJobs(db, batch);
    // What was running goes first: behind a backlog its recovery would take as long as the backlog.
    await queue.add(again.map((entry) => ({ ...entry, first: true })));
    const { due, end } = await dueJobs(db, jobs, { seconds: 2, limit: batch, after });
    after = end;
    const found = await queueJobsAgain(db, await lostEntries(queue, due));
    await queue.add(found);
    return { queued: found.length, takenOver: again.length, ended };
  };
}
