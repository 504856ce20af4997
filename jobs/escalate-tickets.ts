import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

/** One transaction asks the policy about so many. */
const atOnce = 500;

/** Gives tickets that no person has acknowledged to the next one, and reminds of them, as their policy says. */
export const escalateTickets = defineJob({
  name: 'escalate-tickets',
  title: 'Follow the escalation policy',
  payload: z.strictObject({}),
  schedule: '* * * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 300,
  async handler({ commit, signal }) {
    const { escalateDue } = await import('../src/services/policy/escalate.ts');
    const figures = { asked: 0, escalated: 0, reminded: 0, raised: 0 };
    const unreadable = new Set<number>();
    for (;;) {
      signal.throwIfAborted();
      const done = await commit((trx) => escalateDue(trx, atOnce));
      for (const version of done.unreadable) unreadable.add(version);
      for (const name of Object.keys(figures) as (keyof typeof figures)[])
        figures[name] += done[name];
      if (done.asked === atOnce) continue;
      return { ...figures, ...(unreadable.size > 0 && { unreadable: [...unreadable] }) };
    }
  },
});
