import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import { endCancelledJobs } from '../transitions/jobs/end-cancelled.ts';
import { endLostJobs } from '../transitions/jobs/end-lost.ts';
import { queueJobsAgain } from '../transitions/jobs/queue-again.ts';
import { takeOverJobs } from '../transitions/jobs/take-over.ts';
import { anyOpenJob } from '../data/bots/job-runs.ts';
import { dueJobRuns } from './due-jobs.ts';
import { lostEntries } from './lost-entries.ts';
import type { Cursor } from './oldest-due.ts';

/** How many runs one statement ends, takes over or examines at most; each examination begins where the one before ended. */
const batchSize = 500;

export interface RescuedJobs {
  /** queued runs whose entry was lost */
  queued: number;
  /** running runs whose lease ran out, and that were queued again */
  takenOver: number;
  /** running runs whose lease ran out and that had no attempt left, and waiting runs that a person cancelled */
  ended: number;
}

/**
 * Does for runs of jobs what `rescuer` does for runs of bots: it repairs rows after workers or entries were lost, within seconds.
 * Runs of a job that this version does not know are left to processes that know it. Any number of processes may rescue at once.
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
    const ended = (await endLostJobs(db, batchSize)) + (await endCancelledJobs(db, batchSize));
    const takenOver = await takeOverJobs(db, batchSize);
    // These entries go to the front of the queue: at the end of a long queue their runs would wait for all others.
    await queue.add(takenOver.map((entry) => ({ ...entry, first: true })));
    const { due, end } = await dueJobRuns(db, jobs, { overdueSeconds: 2, limit: batchSize, after });
    after = end;
    const queuedAgain = await queueJobsAgain(db, await lostEntries(queue, due));
    await queue.add(queuedAgain);
    return { queued: queuedAgain.length, takenOver: takenOver.length, ended };
  };
}
