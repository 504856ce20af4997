import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';
import { letChecksRead } from '../src/database/rights/grant-reader.ts';

/**
 * The platform makes tables while the engine runs. With row level security such a table looks empty to checks, and of a sequence
 * they see nothing, until they are granted; a check would call well what it cannot see.
 */
export const letChecksReadJob = defineJob({
  name: 'let-checks-read',
  title: 'Let checks read tables and sequences that were made since',
  payload: z.strictObject({}),
  schedule: '*/10 * * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 60,
  async handler({ commit }) {
    await commit(letChecksRead);
    return {};
  },
});
