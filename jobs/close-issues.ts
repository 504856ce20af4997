import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

export const closeIssues = defineJob({
  name: 'close-issues',
  title: 'Close issues at GitHub whose problems are gone',
  payload: z.strictObject({}),
  schedule: '*/10 * * * *',
  concurrency: 1,
  maxAttempts: 2,
  timeoutSeconds: 300,
  async handler(context) {
    const { closeGoneIssues } = await import('../src/services/issues/close-gone.ts');
    return closeGoneIssues(context);
  },
});
