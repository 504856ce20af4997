import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

/** Looks each minute whether the report of the day is due: its time is in the settings, which people may change. */
export const sendReport = defineJob({
  name: 'send-report',
  title: 'Make and send the morning report',
  payload: z.strictObject({}),
  schedule: '* * * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 300,
  async handler(context) {
    const { sendReport } = await import('../src/services/report/send.ts');
    return sendReport(context);
  },
});
