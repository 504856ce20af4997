import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';
import { closeOldTickets } from '../src/transitions/tickets/close.ts';

/** How many tickets one transaction closes at most. */
const maxTickets = 1_000;

/** Closes tickets that were resolved so long ago that runs do not reopen them: a problem that comes back gets another ticket. */
export const closeTickets = defineJob({
  name: 'close-tickets',
  title: 'Close tickets a day after they were resolved',
  payload: z.strictObject({}),
  schedule: '7 * * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 300,
  async handler({ commit, signal }) {
    let tickets = 0;
    for (;;) {
      signal.throwIfAborted();
      const closed = await commit((trx) => closeOldTickets(trx, maxTickets));
      tickets += closed;
      if (closed < maxTickets) return { tickets };
    }
  },
});
