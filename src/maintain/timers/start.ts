/** The timers of every process: they work without the queue, for they are what makes it right again. */
import type { TimerDependencies } from './dependencies.ts';
import { heartbeatTimer } from './heartbeat.ts';
import { rescueTimer } from './rescue.ts';
import { rescueJobsTimer } from './rescue-jobs.ts';
import { settleTimer } from './settle.ts';
import { repeat } from './timer.ts';
import { watchdogTimer } from './watchdog.ts';

const timers = [rescueTimer, rescueJobsTimer, settleTimer, heartbeatTimer, watchdogTimer];

/** Starts all of them. `stop` waits for what is under way. */
export function startTimers(dependencies: TimerDependencies): { stop(): Promise<void> } {
  const stops = timers.flatMap((make) => {
    const timer = make(dependencies);
    return timer ? [repeat(timer, dependencies.emit)] : [];
  });
  return {
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}
