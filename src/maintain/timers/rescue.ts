import { rescuer } from '../rescue.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

export function rescueTimer({ db, queue, escalate, log }: TimerDependencies): Timer {
  const rescue = rescuer(db, queue, escalate, log);
  return {
    name: 'rescue',
    everyMs: 1_000,
    async run() {
      const rescued = await rescue();
      if (rescued.queued + rescued.takenOver + rescued.ended > 0) log.warn(rescued, 'rescued');
    },
  };
}
