import type { Job, Queue } from 'bullmq';

/**
 * waiting: a worker may take the entry now. delayed: it waits for a time that the clock of the queueing host has set.
 * active: a worker has just taken it. gone: no worker has it, and none will take it.
 */
export type EntryState = 'waiting' | 'delayed' | 'active' | 'gone';

/** A worker that takes an entry starts its run at once. After this time without a start, the worker counts as gone. */
const activeForMs = 5_000;

/** The most entries that are remembered. The oldest are forgotten, and then count as seen for the first time. */
const maxSeen = 5_000;

/**
 * Returns a function that reads the state of a job in the queue, by its id. The time at which a job was taken comes from
 * the clock of the host that took it, which may be an hour off. So a job also counts as gone when this process itself
 * has seen it as taken for {@link activeForMs}.
 */
export function readEntryState(queue: Queue): (id: string) => Promise<EntryState> {
  /** the jobs that were seen as taken -> when each was first seen so, by performance.now() */
  const takenSince = new Map<string, number>();

  function activeFor(id: string, job: Job): number {
    const now = performance.now();
    const since = takenSince.get(id) ?? now;
    if (!takenSince.has(id)) takenSince.set(id, now);
    for (const [oldest] of takenSince) {
      if (takenSince.size <= maxSeen) break;
      takenSince.delete(oldest);
    }
    return Math.max(now - since, Date.now() - (job.processedOn ?? 0));
  }

  return async (id) => {
    const job: Job | undefined = await queue.getJob(id);
    const state = job ? await job.getState() : 'unknown';
    if (job && state === 'active') return activeFor(id, job) < activeForMs ? 'active' : 'gone';
    takenSince.delete(id);
    if (state === 'delayed') return 'delayed';
    return state === 'waiting' || state === 'prioritized' ? 'waiting' : 'gone';
  };
}
