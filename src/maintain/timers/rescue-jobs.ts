import { jobRescuer } from '../rescue-jobs.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

export function rescueJobsTimer({ db, queue, jobs, emit }: TimerDependencies): Timer {
  const rescue = jobRescuer(db, queue, jobs);
  return {
    name: 'rescue of jobs',
    everyMs: 1_000,
    async run() {
      const rescued = await rescue();
      if (rescued.queued + rescued.takenOver + rescued.ended > 0) emit('jobs.rescued', rescued);
    },
  };
}
