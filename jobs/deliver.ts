import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

/**
 * On request: a timer asks for it when a message is due. Several may run at once, each with channels of its own, so that
 * a receiver that is slow delays only its own messages.
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
