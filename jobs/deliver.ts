import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

/**
 * Runs only on request: a timer requests a run when a message is due. Several runs may go on at once, each with channels of
 * its own, so that a slow receiver delays only its own messages.
 */
export const deliver = defineJob({
  name: 'deliver',
  title: 'Send the messages that are due',
  payload: z.strictObject({}),
  schedule: null,
  concurrency: 8,
  maxAttempts: 3,
  timeoutSeconds: 600,
  async handler(context) {
    const { deliver } = await import('../src/notify/delivery/deliver.ts');
    return { ...(await deliver(context)) };
  },
});
