import { lastingFailure } from '../../ground/lasting-failure.ts';
import type { Log } from '../../log.ts';

/** Work that a process repeats by itself, without the queue. */
export interface Timer {
  name: string;
  everyMs: number;
  run(): Promise<void>;
}

/**
 * Repeats it. One that fails is logged and comes again; it never runs beside itself. What is returned stops it, and
 * resolves when the one under way has ended.
 */
export function repeat({ name, everyMs, run }: Timer, log: Log): () => Promise<void> {
  let current: Promise<void> | null = null;
  const { failed, succeeded } = lastingFailure(
    (error, times) => log.error({ err: error, times }, `${name} failed`),
    (times) => log.info({ times }, `${name} works again`),
  );
  const timer = setInterval(() => {
    current ??= run()
      .then(succeeded, failed)
      .finally(() => {
        current = null;
      });
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await current;
  };
}
