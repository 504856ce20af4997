import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

/** Runs only on request: a timer requests a run when an event of a ticket waits to be routed. */
export const routeEvents = defineJob({
  name: 'route-events',
  title: 'Make messages of what happened to tickets',
  payload: z.strictObject({}),
  schedule: null,
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 120,
  async handler(context) {
    const { routeEvents } = await import('../src/notify/routing/route-events.ts');
    return { ...(await routeEvents(context)) };
  },
});
