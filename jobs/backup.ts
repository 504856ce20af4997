import { z } from 'zod';
import { defineJob } from '../src/contract/job.ts';

/** Does nothing until the setting `backup_folder` says where backups go; a run says so in its figures. */
export const backup = defineJob({
  name: 'backup',
  title: 'Make a backup of the database, and prove it by restoring a copy',
  payload: z.strictObject({}),
  schedule: '0 4 * * *',
  concurrency: 1,
  maxAttempts: 2,
  // Measured: 1 GB takes some 2 minutes with its proof; a platform of 100 GB still fits.
  timeoutSeconds: 4 * 3600,
  async handler({ databaseUrl, signal }) {
    const { backupInProcess } = await import('../src/services/backups/in-process.ts');
    return backupInProcess(databaseUrl, signal);
  },
});
