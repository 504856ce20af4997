import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import type { RunQueue, RunWorker } from '../queue/run-queue.ts';
import { dueJobRuns } from './due-jobs.ts';
import { oldestDue, type Cursor } from './oldest-due.ts';

/** A worker that has a free place and takes no entry for this long, although entries wait, does not get them from BullMQ. */
const maxIdleMs = 3_000;

/** How many due runs, and how many due runs of jobs, one call looks at: one waiting entry is enough. */
const maxRead = 20;

/**
 * Replaces this process's worker of BullMQ when it has stopped taking entries. The watchdog judges what the worker
 * does, not what it reports: the worker has had a free place and has taken nothing, and each call in this time found
 * due entries that were waiting in the queue (not always the same ones, because other processes take them). Call the
 * returned function every second; it resolves with whether it replaced the worker.
 */
export function watchdog(
  db: Db,
  queue: RunQueue,
  worker: RunWorker,
  jobs: readonly Job[] = [],
): () => Promise<boolean> {
  /** the time since which every call has found a waiting entry, by performance.now() */
  let waitingSince: number | null = null;
  let after: Cursor | null = null;

  return async () => {
    // The queue is asked only once the worker has been idle for half of that time.
    if (worker.idleMs() < maxIdleMs / 2) {
      waitingSince = null;
      return false;
    }
    const { due, end } = await oldestDue(db, { overdueSeconds: 1, limit: maxRead, after });
    // The oldest runs may all wait for a place of their bot. Then the next call reads the runs after them, and later
    // calls go on from there as long as some of those runs can start.
    if (due.length === 0) after = end;
    const { due: jobRuns } = await dueJobRuns(db, jobs, {
      overdueSeconds: 1,
      limit: maxRead,
      after: null,
    });
    const states = await Promise.all([...due, ...jobRuns].map((entry) => queue.entryState(entry)));
    const now = performance.now();
    waitingSince = states.includes('waiting') ? (waitingSince ?? now) : null;
    if (waitingSince === null || now - waitingSince < maxIdleMs) return false;
    if (worker.idleMs() < maxIdleMs) return false;
    waitingSince = null;
    worker.replace();
    return true;
  };
}
