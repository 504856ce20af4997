import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

/** For how many tickets one transaction asks the policy at most. */
const maxTickets = 500;

/** Gives tickets that no person has acknowledged to the next person, and reminds people of them, as the policy says. */
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
      const done = await commit((trx) => escalateDue(trx, maxTickets));
      for (const version of done.unreadable) unreadable.add(version);
      for (const name of Object.keys(figures) as (keyof typeof figures)[])
        figures[name] += done[name];
      if (done.asked === maxTickets) continue;
      return { ...figures, ...(unreadable.size > 0 && { unreadable: [...unreadable] }) };
    }
  },
});
