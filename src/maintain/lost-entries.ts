import type { Entry, RunQueue } from '../queue/run-queue.ts';

/** Those of the due runs whose entry is gone, or is still delayed because a host with a wrong clock queued it. */
export async function lostEntries<Each extends Entry>(
  queue: RunQueue,
  due: Each[],
): Promise<Each[]> {
  const states = await Promise.all(due.map((entry) => queue.entryState(entry)));
  return due.filter((_, index) => states[index] === 'gone' || states[index] === 'delayed');
}
