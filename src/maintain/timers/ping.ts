import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/** Sends the outward ping. Null if no address for it is set. */
export const pingTimer = ({ ping }: TimerDependencies): Timer | null =>
  ping && { name: 'ping', everyMs: 5_000, run: ping };
