import type { Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import type { RunQueue, RunWorker } from '../queue/run-queue.ts';
import { dueJobs } from './due-jobs.ts';
import { oldestDue, type Cursor } from './oldest-due.ts';

/** A worker that has a free place and takes nothing for this long, while entries wait, does not see the entries. */
const deafAfterMs = 3_000;

/** How many entries are looked at: one that waits is enough. */
const sample = 20;

/**
 * Replaces this process's worker of BullMQ when it has stopped taking entries. The watchdog judges what the worker
 * does, not what it reports: it has had a free place and has taken nothing, and at every look meanwhile due entries
 * were waiting in the queue (not always the same ones, because other processes take them). Resolves with whether it
 * replaced the worker.
 */
export function watchdog(
  db: Db,
  queue: RunQueue,
  worker: RunWorker,
  jobs: readonly Job[] = [],
): () => Promise<boolean> {
  /** the time since which every look has found a waiting entry */
  let waitingSince: number | null = null;
  let after: Cursor | null = null;

  return async () => {
    if (worker.idleMs() < deafAfterMs / 2) {
      waitingSince = null;
      return false;
    }
    const { due, end } = await oldestDue(db, { seconds: 1, limit: sample, after });
    // The oldest runs may all wait for a place of their bot. Then look at the next runs, and go on from there as long
    // as some of them are due.
    if (due.length === 0) after = end;
    const { due: ofJobs } = await dueJobs(db, jobs, { seconds: 1, limit: sample, after: null });
    const states = await Promise.all([...due, ...ofJobs].map((entry) => queue.entryState(entry)));
    const now = performance.now();
    waitingSince = states.includes('waiting') ? (waitingSince ?? now) : null;
    if (waitingSince === null || now - waitingSince < deafAfterMs) return false;
    if (worker.idleMs() < deafAfterMs) return false;
    waitingSince = null;
    worker.replace();
    return true;
  };
}
