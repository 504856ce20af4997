import { remindMs } from '../../ground/lasting-failure.ts';
import { inWords, isWrong } from '../clock.ts';
import { heartbeat } from '../heartbeat.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/**
 * Sends heartbeats, and emits an event when this host's clock is wrong. On PostgreSQL, where BullMQ depends on this
 * clock, the worker takes no entries until the clock is right again.
 */
export function heartbeatTimer({ db, queue, node, worker, emit }: TimerDependencies): Timer {
  let wrong = false;
  let saidAt = 0;
  return {
    name: 'heartbeat',
    everyMs: 5_000,
    async run() {
      const skew = await heartbeat(db, node);
      const was = wrong;
      wrong = isWrong(skew);
      const holds = worker !== null && queue.backend === 'postgres';
      if (wrong && holds) worker.hold();
      if (wrong && (!was || performance.now() - saidAt > remindMs)) {
        saidAt = performance.now();
        emit('clock.wrong', { skewMs: skew.skewMs, clock: inWords(skew), takesRuns: !holds });
      }
      if (!wrong && holds) worker.resume();
      if (!wrong && was) emit('clock.right', { skewMs: skew.skewMs });
    },
  };
}
