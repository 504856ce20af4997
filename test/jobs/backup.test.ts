/** The job that makes the daily backup. */
import { expect, test } from 'vitest';
import { backup } from '../../jobs/backup.ts';
import { writeSetting } from '../../src/data/settings/rows.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { backupFolder, backupsIn } from '../backup/scene.ts';
import { backends, type Backend } from '../support/backends.ts';
import { startFlow } from '../support/engine.ts';
import { aRun, carried, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];

test('nothing is made until a folder is set; a folder that is not there fails the run, and says so', async () => {
  const { db, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [backup],
    roles: ['scheduler'],
  });
  await registerJobs(db, [backup]);
  expect(await carried(jobEngine, await aRun(db, backup))).toMatchObject({
    status: 'success',
    figures: { made: false, why: expect.stringContaining('backup_folder is not set') },
  });
  await writeSetting(db, { key: 'backup_folder', value: '/nowhere/at/all', by: 'ann' });
  const failed = await carried(jobEngine, await aRun(db, backup));
  expect(failed.error_message).toContain('/nowhere/at/all cannot hold backups');
  const folder = backupFolder();
  await writeSetting(db, { key: 'backup_folder', value: folder, by: 'ann' });
  expect(await carried(jobEngine, await aRun(db, backup))).toMatchObject({
    status: 'success',
    figures: { made: true, proven: true, file: expect.stringContaining(folder) },
  });
  expect(backupsIn(folder)).toHaveLength(1);
});
