import type { Job, Queue } from 'bullmq';

/** `delayed`: waits for a time that the clock of the queueing host has set. */
export type EntryState = 'waiting' | 'delayed' | 'active' | 'gone';

/**
 * A worker that takes an entry starts its run within a moment; after this time without a start, the worker counts as
 * gone.
 */
const activeForMs = 5_000;

/** How many entries are remembered: the newest ones. A forgotten entry counts as seen for the first time. */
const maxSeen = 5_000;

/**
 * Returns the state of a job in the queue, by its id. The time at which a job was taken comes from the clock of the
 * host that took it, which may be an hour off. So a job that this process itself has seen as taken for this long also
 * counts as gone.
 */
export function readEntryState(queue: Queue): (id: string) => Promise<EntryState> {
  /** entries that were seen as taken, and the first time of that by this process's own clock */
  const seen = new Map<string, number>();

  function activeFor(id: string, job: Job): number {
    const now = performance.now();
    const since = seen.get(id) ?? now;
    if (!seen.has(id)) seen.set(id, now);
    for (const [oldest] of seen) {
      if (seen.size <= maxSeen) break;
      seen.delete(oldest);
    }
    return Math.max(now - since, Date.now() - (job.processedOn ?? 0));
  }

  return async (id) => {
    const job: Job | undefined = await queue.getJob(id);
    const state = job ? await job.getState() : 'unknown';
    if (job && state === 'active') return activeFor(id, job) < activeForMs ? 'active' : 'gone';
    seen.delete(id);
    if (state === 'delayed') return 'delayed';
    return state === 'waiting' || state === 'prioritized' ? 'waiting' : 'gone';
  };
}
