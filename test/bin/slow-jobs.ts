/** The jobs of a copied checkout. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineJob, type Job } from '../../src/contract/job.ts';

const job = (name: string, handler: Job['handler']): Job =>
  defineJob({
    name,
    title: name,
    payload: z.looseObject({}),
    schedule: null,
    concurrency: 1,
    maxAttempts: 3,
    timeoutSeconds: 120,
    handler,
  });

export const jobs: readonly Job[] = [
  job('two-seconds', async ({ run }) => {
    await sleep(2_000);
    return { attempt: run.attempt };
  }),
  job('endless', async ({ signal }) => {
    await sleep(100_000, undefined, { signal });
  }),
  // Its first attempt never ends; a file says that it has begun.
  job('needs-two', async ({ run }, { file }) => {
    writeFileSync(file, String(process.pid));
    if (run.attempt === 1) await sleep(100_000);
    return { attempt: run.attempt };
  }),
];
