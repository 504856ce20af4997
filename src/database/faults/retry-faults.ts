import { setTimeout as sleep } from 'node:timers/promises';
import { faultBehind, isFault } from './fault-behind.ts';

/** Before the second and the third try. */
const waitsMs = [250, 2_000];

/** What a run keeps for writing down how it ended. */
const reserveMs = 1_000;

export interface Limits {
  /** Nothing is tried again once it is aborted. */
  signal: AbortSignal;
  /** how long the run may still take; no limit unless given */
  leftMs?(): number;
}

/** Only a person stores a secret: a moment later it is as it was. */
const isHopeless = (error: unknown): boolean => faultBehind(error) === 'secret';

/** Longer by up to a half, at random: those who got in each other's way must not meet again. */
const lengthened = (ms: number): number => ms * (1 + Math.random() / 2);

/**
 * The value of `work`, which is tried up to three times, after growing waits, while it meets faults of the database,
 * a connection or a process; or what `isRetried` says. It is not tried again where the run's deadline comes before
 * another try and as much time again would be over: what a slow try takes must not be taken from the rest of its
 * run. Rejects with what the last try met.
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
