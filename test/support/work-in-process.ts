/** The rest of a worker that a test starts in a process of its own, to kill it: its timers, its queue, its parent. */
import { startTimers } from '../../src/maintain/timers/start.ts';
import type { RunQueue } from '../../src/queue/run-queue.ts';
import type { Engine } from '../../src/run/engine.ts';
import { performRun } from '../../src/run/perform.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';

/** Carries runs, so many at once, until the process is killed or its test has ended. */
export function workInProcess(engine: Engine & { queue: RunQueue }, atOnce: number): void {
  const { db, queue, catalogue, emit, worker } = engine;
  startTimers({
    db,
    queue,
    catalogue,
    jobs: [],
    emit,
    escalate: escalateLost,
    node: { id: worker, role: 'worker' },
    worker: null,
    ping: null,
  });
  queue.work(
    atOnce,
    (job, free) => performRun(engine, job, free),
    () => {},
  );
  process.send?.('ready');
  // Without its parent it has nothing to work for.
  process.once('disconnect', () => process.exit());
}
