import { setTimeout as sleep } from 'node:timers/promises';
import { faultBehind, isFault } from './fault-behind.ts';

/** The waits before the second and the third try. */
const waitsMs = [250, 2_000];

/** The time that a run reserves to record how it ended. */
const reserveMs = 1_000;

export interface Limits {
  /** After it aborts, nothing is tried again. */
  signal: AbortSignal;
  /** how long the run may still take; no limit by default */
  leftMs?(): number;
}

/** A secret is missing until a person stores it: a retry after a moment does not help. */
const isHopeless = (error: unknown): boolean => faultBehind(error) === 'secret';

/** Adds up to a half at random, so that two processes that collided do not collide again. */
const lengthened = (ms: number): number => ms * (1 + Math.random() / 2);

/**
 * Tries `work` up to three times, with growing waits, while it fails because of the database, a connection or a
 * process; or as `isRetried` decides. It does not try again when the remaining time of the run is shorter than the
 * wait plus twice the time of the last try: a slow try must not use up the rest of its run. Rejects with the error of
 * the last try.
 */
export async function retryFaults<Result>(
  { signal, leftMs = () => Infinity }: Limits,
  work: () => Promise<Result>,
  isRetried: (error: unknown) => boolean = isFault,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const began = performance.now();
    try {
      return await work();
    } catch (error) {
      const tookMs = performance.now() - began;
      const waitMs = lengthened(waitsMs[tries - 1] ?? Infinity);
      const fits = waitMs + 2 * tookMs + reserveMs <= leftMs();
      if (waitMs === Infinity || !fits || signal.aborted || isHopeless(error) || !isRetried(error))
        throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) throw error;
    }
  }
}
