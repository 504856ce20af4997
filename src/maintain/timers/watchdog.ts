import { watchdog } from '../watchdog.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/** Replaces this process's worker when it no longer takes entries. Null in a process without a worker. */
export function watchdogTimer({ db, queue, jobs, worker, emit }: TimerDependencies): Timer | null {
  if (!worker) return null;
  const watch = watchdog(db, queue, worker, jobs);
  return {
    name: 'watchdog',
    everyMs: 1_000,
    async run() {
      if (await watch()) emit('worker.replaced', {});
    },
  };
}
