import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';
import { hoursSetting, usualSchedule } from '../src/services/upkeep/hours.ts';

/** The longest time that a person may give it, and the longest hours that the setting allows. */
const maxMinutes = 720;

/** A run of a slot ends with its hours, also when it began late; one that is asked for takes as many minutes as it is given. */
export const maintenance = defineJob({
  name: 'maintenance',
  title: 'Vacuum and analyse tables, and rebuild indexes that have grown',
  payload: z.strictObject({ minutes: z.int().min(1).max(maxMinutes).optional() }),
  schedule: usualSchedule,
  scheduleSetting: hoursSetting,
  concurrency: 1,
  maxAttempts: 3,
  // It ends by itself before that.
  timeoutSeconds: (maxMinutes + 60) * 60,
  async handler(context, payload) {
    const { workOnTables } = await import('../src/services/upkeep/work.ts');
    return workOnTables(context, payload);
  },
});
