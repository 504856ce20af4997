import { setTimeout as sleep } from 'node:timers/promises';
import { faultBehind, isFault } from './fault-behind.ts';

/** The waits before the second and the third try. */
const waitsMs = [250, 2_000];

/** The time that a run reserves to record how it ended. */
const reserveMs = 1_000;

/** What ends the retries of {@link retryFaults} early. */
export interface Limits {
  /** After it aborts, nothing is tried again. */
  signal: AbortSignal;
  /** Milliseconds that the run may still take; without this function there is no such bound. */
  leftMs?(): number;
}

/** A secret is missing until a person stores it: a retry after a moment does not help. */
const isHopeless = (error: unknown): boolean => faultBehind(error) === 'secret';

/** Adds up to a half at random, so that two processes that collided do not collide again. */
const withJitter = (ms: number): number => ms * (1 + Math.random() / 2);

/**
 * Tries `work` up to three times, with growing waits, while `mayRetry` says that its error may go away; by default
 * these are faults of the database, of a connection or of a process. It does not try again when the run has less time
 * left than the wait, plus twice the time of the last try, plus {@link reserveMs}: a slow try must not use up the rest
 * of its run. Rejects with the error of the last try.
 */
export async function retryFaults<Result>(
  { signal, leftMs = () => Infinity }: Limits,
  work: () => Promise<Result>,
  mayRetry: (error: unknown) => boolean = isFault,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    const began = performance.now();
    try {
      return await work();
    } catch (error) {
      const tookMs = performance.now() - began;
      const waitMs = withJitter(waitsMs[attempt - 1] ?? Infinity);
      const fits = waitMs + 2 * tookMs + reserveMs <= leftMs();
      if (waitMs === Infinity || !fits || signal.aborted || isHopeless(error) || !mayRetry(error))
        throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) throw error;
    }
  }
}
