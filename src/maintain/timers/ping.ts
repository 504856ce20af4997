import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/** Null where no address is given to which pings go. */
export const pingTimer = ({ ping }: TimerDependencies): Timer | null =>
  ping && { name: 'ping', everyMs: 5_000, run: ping };
