import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

/**
 * It begins at night where the platform's documented maintenance is planned (Sunday 2 to 4 in New York), and ends before that. A run
 * that comes later than its time allows removes nothing.
 */
export const retention = defineJob({
  name: 'retention',
  title: 'Remove rows that are older than the settings keep them',
  // `trust_clock`: a person has seen that the clock of the database is right, although it went on by days at once.
  payload: z.strictObject({ trust_clock: z.boolean().optional() }),
  schedule: 'CRON_TZ=America/New_York 30 0 * * *',
  concurrency: 1,
  maxAttempts: 3,
  // Its own time is over before, whatever is set (`retention_minutes`).
  timeoutSeconds: 6.5 * 3600,
  async handler(context, { trust_clock: trustsClock = false }) {
    const { removeOld } = await import('../src/services/retention/remove-old.ts');
    return removeOld(context, { trustsClock });
  },
});
