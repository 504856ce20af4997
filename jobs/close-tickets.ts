import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';
import { closeOldTickets } from '../src/transitions/tickets/close.ts';

/** One transaction closes so many. */
const atOnce = 1_000;

/** Closes tickets that were resolved so long ago that a problem which comes back opens another one. */
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
      const closed = await commit((trx) => closeOldTickets(trx, atOnce));
      tickets += closed;
      if (closed < atOnce) return { tickets };
    }
  },
});
