import { lastingFailure } from '../../ground/lasting-failure.ts';
import type { Emit } from '../../events/events.ts';

/** Work that a process repeats by itself, without the queue. */
export interface Timer {
  name: string;
  everyMs: number;
  /** the first run begins now, and not after `everyMs` */
  atOnce?: true;
  run(): Promise<void>;
}

/**
 * Repeats the timer. A run that fails is logged, and the timer runs again later; it never runs beside itself. The
 * returned function stops it, and resolves when the current run has ended; if that run then fails, for example because
 * the pool is closed, no event is emitted.
 */
export function repeat({ name, everyMs, atOnce, run }: Timer, emit: Emit): () => Promise<void> {
  let current: Promise<void> | null = null;
  const { failed, succeeded } = lastingFailure(
    (error, times) => emit('timer.failed', { err: error, times, timer: name }),
    (times) => emit('timer.works_again', { times, timer: name }),
  );
  let isStopped = false;
  const tick = () => {
    current ??= run()
      .then(succeeded, (error: unknown) => {
        if (!isStopped) failed(error);
      })
      .finally(() => {
        current = null;
      });
  };
  const timer = setInterval(tick, everyMs);
  if (atOnce) tick();
  return async () => {
    isStopped = true;
    clearInterval(timer);
    await current;
  };
}
