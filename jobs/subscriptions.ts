import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

/** Ends subscriptions that are past their period and its grace, and has profiles follow. It moves no money. */
export const subscriptions = defineJob({
  name: 'subscriptions',
  title: 'End subscriptions that are past their period and its grace',
  payload: z.strictObject({}),
  // Shortly before the bot guardian looks for those that were not ended.
  schedule: '4-59/5 * * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 240,
  async handler(context) {
    const { expireSubscriptions } = await import('../src/services/subscriptions/expire.ts');
    return expireSubscriptions(context);
  },
});
