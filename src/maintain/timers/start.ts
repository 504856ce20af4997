/** The timers of every process. They work without the queue, because they repair what a lost queue has left undone. */
import type { TimerDependencies } from './dependencies.ts';
import { heartbeatTimer } from './heartbeat.ts';
import { messagesTimer } from './messages.ts';
import { pingTimer } from './ping.ts';
import { rescueTimer } from './rescue.ts';
import { rescueJobsTimer } from './rescue-jobs.ts';
import { settleTimer } from './settle.ts';
import { repeat } from './timer.ts';
import { watchdogTimer } from './watchdog.ts';

const timers = [
  rescueTimer,
  rescueJobsTimer,
  settleTimer,
  heartbeatTimer,
  messagesTimer,
  watchdogTimer,
  pingTimer,
];

/**
 * Starts these timers, without those whose function returns null: they have nothing to do here, such as the outward ping without an
 * address.
 * `stop` waits for the timers that are running.
 */
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
