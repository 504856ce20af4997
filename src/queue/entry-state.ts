import type { Job, Queue } from 'bullmq';

/** `delayed`: not before a time that was set by the clock of the host that queued it. */
export type EntryState = 'waiting' | 'delayed' | 'active' | 'gone';

/** Whoever takes an entry starts its run within a moment; one who has not in this time is gone. */
const activeForMs = 5_000;

/** So many entries are remembered, the newest; what is not is seen for the first time again. */
const mostSeen = 5_000;

/**
 * Says where a job is, by its id. When it was taken is known by the clock of the host that took it, and that may
 * be an hour off: one that this process itself has seen as taken for so long is gone as well.
 */
export function readEntryState(queue: Queue): (id: string) => Promise<EntryState> {
  /** entries that were seen as taken, and when for the first time by this process' own clock */
  const seen = new Map<string, number>();

  function activeFor(id: string, job: Job): number {
    const now = performance.now();
    const since = seen.get(id) ?? now;
    if (!seen.has(id)) seen.set(id, now);
    for (const [oldest] of seen) {
      if (seen.size <= mostSeen) break;
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
