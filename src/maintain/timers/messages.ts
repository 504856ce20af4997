import { messagesDue } from '../../data/notify/channels.ts';
import { requestOnce } from '../../transitions/jobs/request.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/**
 * Requests the jobs that make and send messages, when an event or a message waits for one, and puts their runs into the
 * queue at once, so that people are told within seconds. When nothing waits, this costs one query.
 */
export function messagesTimer({ db, queue, jobs }: TimerDependencies): Timer | null {
  const [route, deliver] = ['route-events', 'deliver'].map((name) =>
    jobs.find((job) => job.name === name),
  );
  if (!route || !deliver) return null;
  return {
    name: 'messages',
    everyMs: 1_000,
    async run() {
      const due = await messagesDue(db);
      const jobsToRequest = [...(due.events ? [route] : []), ...(due.messages ? [deliver] : [])];
      for (const job of jobsToRequest) {
        const entry = await requestOnce(db, job);
        if (entry) await queue.add([entry]);
      }
    },
  };
}
