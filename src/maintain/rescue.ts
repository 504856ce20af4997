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

/** How many runs one statement takes over, queues or examines at most; each examination begins where the one before ended. */
const batchSize = 500;
/** How many cancelled runs that never began one rescue ends at most; the next rescue continues. */
const maxEnded = 5_000;
/** How many queries one rescue sends at most. It sends a further one only while at least half of the examined runs are lost. */
const maxQueries = 10;

export interface Rescued {
  /** queued runs whose entry was lost */
  queued: number;
  /** running runs whose lease ran out, and that were queued again */
  takenOver: number;
  /** running runs whose lease ran out and that had no attempt left, and cancelled runs that had never begun */
  ended: number;
}

/**
 * Repairs rows after the loss of queue entries and of workers, and queues runs that have no entry yet, such as manual
 * ones. Any number of processes may rescue at once, because each row is changed by one conditional update. A lost entry
 * does not use up an attempt.
 */
export function rescuer(
  db: Db,
  queue: RunQueue,
  escalate: Escalate,
  emit: Emit,
): () => Promise<Rescued> {
  let after: Cursor | null = null;

  async function queueAll(): Promise<Pick<Rescued, 'queued' | 'takenOver'>> {
    // The entries are added right after their rows are written. While a row has no entry, other processes that rescue take the
    // entry for lost, and would queue the run again and again, each time after all waiting entries.
    const takenOver = await takeOverRuns(db, batchSize);
    // These entries go to the front of the queue: at the end of a long queue their runs would wait for all others.
    await queue.add(takenOver.map(({ entry }) => ({ ...entry, first: true })));
    emitLost(emit, takenOver);
    await queue.add(await queueFreshRuns(db, batchSize));
    let queued = 0;
    for (let query = 1; query <= maxQueries; query++) {
      const { lost, end } = await findLost(db, queue, after);
      after = end;
      const queuedAgain = await queueRunsAgain(db, lost);
      await queue.add(queuedAgain);
      queued += queuedAgain.length;
      // When the whole queue is gone, the following runs are lost as well, and workers wait for them.
      if (!end || lost.length < batchSize / 2) break;
    }
    return { queued, takenOver: takenOver.length };
  }

  return async () => {
    // Both run at the same time: to end a run needs no queue, and a delay of one must not delay the other.
    const [ended, queued] = await Promise.allSettled([endAll(db, escalate, emit), queueAll()]);
    if (ended.status === 'rejected') throw ended.reason;
    if (queued.status === 'rejected') throw queued.reason;
    return { ...queued.value, ended: ended.value };
  };
}

async function endAll(db: Db, escalate: Escalate, emit: Emit): Promise<number> {
  await noteCancellations(db);
  return (await endCancelledRuns(db, maxEnded)) + (await endLost(db, escalate, emit));
}

/**
 * Queued runs that have been due for more than 2 s, whose bot has a free place and whose entry is lost. A backlog that
 * waits in the queue is left alone.
 */
async function findLost(db: Db, queue: RunQueue, after: Cursor | null) {
  const { due, end } = await oldestDue(db, { overdueSeconds: 2, limit: batchSize, after });
  return { lost: await lostEntries(queue, due), end };
}
