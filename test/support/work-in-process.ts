/** Completes a worker in a process of its own, which a test starts to kill it: timers, queue, the end of its parent. */
import { startTimers } from '../../src/maintain/timers/start.ts';
import type { RunQueue } from '../../src/queue/run-queue.ts';
import type { Engine } from '../../src/run/engine.ts';
import { performRun } from '../../src/run/perform.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';

/** Executes runs, `atOnce` at the same time, until the process is killed or the test has ended. */
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
  // When the test has ended, this process has to end, too.
  process.once('disconnect', () => process.exit());
}
