import type { Entry, RunQueue } from '../queue/run-queue.ts';

/** Those of rows that are due whose entry is gone, or still delayed: a host with a wrong clock queued it. */
export async function lostEntries<Each extends Entry>(
  queue: RunQueue,
  due: Each[],
): Promise<Each[]> {
  const states = await Promise.all(due.map((entry) => queue.entryState(entry)));
  return due.filter((_, at) => states[at] === 'gone' || states[at] === 'delayed');
}
