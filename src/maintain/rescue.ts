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

/** Queued runs examined by one query; the next query continues after the last of them. */
const batch = 500;
/** How many cancelled runs that never began one rescue ends; the next rescue continues. */
const maxEnded = 5_000;
/** The most queries in one rescue; it goes on only while most of the examined runs are lost. */
const maxGoes = 10;

export interface Rescued {
  /** queued runs whose entry was missing */
  queued: number;
  /** running runs whose lease ran out: queued again, or ended when no attempt was left */
  takenOver: number;
  ended: number;
}

/**
 * Repairs rows after any loss: of queue entries, of workers, and for manual runs that were not queued yet. Any number
 * of processes may do it at once; each row is changed by one conditional update. A lost entry does not use up an
 * attempt.
 */
export function rescuer(
  db: Db,
  queue: RunQueue,
  escalate: Escalate,
  emit: Emit,
): () => Promise<Rescued> {
  let after: Cursor | null = null;

  async function queueAll(): Promise<Pick<Rescued, 'queued' | 'takenOver'>> {
    // The entry is added right after each row is written: while a row has no entry, other rescues take it for lost and
    // would queue it again and again, each time behind all waiting entries.
    const again = await takeOverRuns(db, batch);
    // Runs that were running go first: behind a backlog their recovery would take as long as the backlog.
    await queue.add(again.map(({ entry }) => ({ ...entry, first: true })));
    emitLost(emit, again);
    await queue.add(await queueFreshRuns(db, batch));
    let queued = 0;
    for (let go = 1; go <= maxGoes; go++) {
      const { lost, end } = await findLost(db, queue, after);
      after = end;
      const found = await queueRunsAgain(db, lost);
      await queue.add(found);
      queued += found.length;
      // When the whole queue is gone, the following runs are lost as well, and workers wait for them.
      if (!end || lost.length < batch / 2) break;
    }
    return { queued, takenOver: again.length };
  }

  return async () => {
    // Both run at the same time: ending a run needs no queue, and a delay of one must not delay the other.
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
 * Runs that are queued, due and older than 2 s, whose bot has a free place and whose entry is lost. A backlog that
 * waits in the queue is left alone.
 */
async function findLost(db: Db, queue: RunQueue, after: Cursor | null) {
  const { due, end } = await oldestDue(db, { seconds: 2, limit: batch, after });
  return { lost: await lostEntries(queue, due), end };
}
