import { remindMs } from '../../ground/lasting-failure.ts';
import { skewInWords, isWrong } from '../clock.ts';
import { heartbeat } from '../heartbeat.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/**
 * Sends heartbeats, and emits an event when this host's clock is wrong. On PostgreSQL, where BullMQ depends on this
 * clock, the worker takes no entries until the clock is right again.
 */
export function heartbeatTimer({ db, queue, node, worker, emit }: TimerDependencies): Timer {
  let isClockWrong = false;
  let emittedAt = 0;
  return {
    name: 'heartbeat',
    everyMs: 5_000,
    async run() {
      const skew = await heartbeat(db, node);
      const wasClockWrong = isClockWrong;
      isClockWrong = isWrong(skew);
      const pausesWorker = worker !== null && queue.backend === 'postgres';
      if (isClockWrong && pausesWorker) worker.pause();
      if (isClockWrong && (!wasClockWrong || performance.now() - emittedAt > remindMs)) {
        emittedAt = performance.now();
        emit('clock.wrong', {
          skewMs: skew.skewMs,
          clock: skewInWords(skew),
          takesRuns: !pausesWorker,
        });
      }
      if (!isClockWrong && pausesWorker) worker.resume();
      if (!isClockWrong && wasClockWrong) emit('clock.right', { skewMs: skew.skewMs });
    },
  };
}
