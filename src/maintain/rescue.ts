import type { Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import { endCancelledRuns } from '../transitions/runs/end-cancelled.ts';
import { noteCancellations } from '../transitions/runs/note-cancellations.ts';
import { queueRunsAgain } from '../transitions/runs/queue-again.ts';
import { queueFreshRuns } from '../transitions/runs/queue-fresh.ts';
import { takeOverRuns } from '../transitions/runs/take-over.ts';
import { emitLost } from './emit-lost.ts';
import { endLost, type Escalate } from './end-lost.ts';
import { lostEntries } from './lost-entries.ts';
import { oldestDue, type Cursor } from './oldest-due.ts';

/** Queued runs looked at in one go; the next go continues behind the last one looked at. */
const batch = 500;
/** Cancelled runs that never began and that are ended in one rescue; the rest follows with the next one. */
const mostEnded = 5_000;
/** Goes in one rescue while most of what they look at is lost. */
const mostGoes = 10;

export interface Rescued {
  /** queued runs whose entry was missing */
  queued: number;
  /** running ones whose lease ran out: queued again, or ended when no attempt was left */
  takenOver: number;
  ended: number;
}

/**
 * Makes rows right again after whatever was lost: entries of the queue, workers, manual runs that
 * were not queued yet. Any number of processes may do it at once; each row is moved by one
 * conditional update. No attempt is counted for a lost entry.
 */
export function rescuer(
  db: Db,
  queue: RunQueue,
  escalate: Escalate,
  emit: Emit,
): () => Promise<Rescued> {
  let after: Cursor | null = null;

  async function queueAll(): Promise<Pick<Rescued, 'queued' | 'takenOver'>> {
    // Each is added at once: between its row and its entry it is lost in the eyes of the others, who would
    // queue it again and again, each time behind all that waits.
    const again = await takeOverRuns(db, batch);
    // What was running goes first: behind a backlog its recovery would take as long as the backlog.
    await queue.add(again.map(({ entry }) => ({ ...entry, first: true })));
    emitLost(emit, again);
    await queue.add(await queueFreshRuns(db, batch));
    let queued = 0;
    for (let go = 1; go <= mostGoes; go++) {
      const { lost, end } = await findLost(db, queue, after);
      after = end;
      const found = await queueRunsAgain(db, lost);
      await queue.add(found);
      queued += found.length;
      // Where the whole queue is gone, what follows is lost as well, and workers wait for it.
      if (!end || lost.length < batch / 2) break;
    }
    return { queued, takenOver: again.length };
  }

  return async () => {
    // Beside each other: an end needs no queue, and neither waits for what is in the way of the other.
    const [ended, queued] = await Promise.allSettled([endAll(db, escalate, emit), queueAll()]);
    if (ended.status === 'rejected') throw ended.reason;
    if (queued.status === 'rejected') throw queued.reason;
    return { ...queued.value, ended: ended.value };
  };
}

async function endAll(db: Db, escalate: Escalate, emit: Emit): Promise<number> {
  await noteCancellations(db);
  return (await endCancelledRuns(db, mostEnded)) + (await endLost(db, escalate, emit));
}

/**
 * Queued, due, older than 2 s, its bot with a place free, and its entry lost. A backlog that waits in the queue is left
 * alone.
 */
async function findLost(db: Db, queue: RunQueue, after: Cursor | null) {
  const { due, end } = await oldestDue(db, { seconds: 2, limit: batch, after });
  return { lost: await lostEntries(queue, due), end };
}
