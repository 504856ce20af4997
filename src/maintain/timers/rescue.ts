import { rescuer } from '../rescue.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

export function rescueTimer({ db, queue, escalate, emit }: TimerDependencies): Timer {
  const rescue = rescuer(db, queue, escalate, emit);
  return {
    name: 'rescue',
    everyMs: 1_000,
    async run() {
      const rescued = await rescue();
      if (rescued.queued + rescued.takenOver + rescued.ended > 0) emit('rescued', rescued);
    },
  };
}
