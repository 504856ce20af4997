/** The job that makes the daily backup, in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { backup } from '../../jobs/backup.ts';
import { writeSetting } from '../../src/data/settings/rows.ts';
import { connectAlone } from '../../src/database/connect.ts';
import { backupInProcess } from '../../src/services/backups/in-process.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { backupFolder, backupsIn } from '../backup/scene.ts';
import { backends, type Backend } from '../support/backends.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { startFlow } from '../support/engine.ts';
import { administer } from '../support/postgres.ts';
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
}, 600_000);

test('one whose proof fails is kept, and no second one is made for that', async () => {
  const { db, url, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [backup],
    roles: ['scheduler'],
  });
  await registerJobs(db, [backup]);
  const folder = backupFolder();
  await writeSetting(db, { key: 'backup_folder', value: folder, by: 'ann' });
  await administer(
    url,
    'CREATE TABLE public.divisors AS SELECT 1 AS d',
    'CREATE MATERIALIZED VIEW public.ratios AS SELECT 1 / d AS ratio FROM public.divisors',
    'INSERT INTO public.divisors VALUES (0)',
  );
  expect(await carried(jobEngine, await aRun(db, backup))).toMatchObject({
    status: 'failed',
    attempt: 1,
    error_message: expect.stringContaining('division by zero'),
  });
  expect(backupsIn(folder)).toHaveLength(1);
}, 600_000);

const writing = fileURLToPath(new URL('backup-until-killed.ts', import.meta.url));

/** A database whose backup is begun and waits for a table, and a way to see its sessions. */
async function waiting() {
  const database = await testDatabase();
  const { db, url } = database;
  const folder = backupFolder();
  await writeSetting(db, { key: 'backup_folder', value: folder, by: 'ann' });
  const holder = await connectAlone(url, { name: 'roundsman test' });
  onTestFinished(() => holder.end());
  await holder.query('BEGIN; LOCK TABLE public.bots IN ACCESS EXCLUSIVE MODE');
  return { database, folder, holder };
}

const sessionsOf = async ({ db }: TestDatabase): Promise<number> => {
  const { rows } = await sql`
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'roundsman backup'`.execute(
    db,
  );
  return rows.length;
};

const outcomesOf = async ({ db }: TestDatabase) =>
  (await db.selectFrom('engine.backups').select(['outcome', 'error_message']).execute()).map(
    ({ outcome, error_message: why }) => [outcome, why],
  );

const isWaiting = async ({ db }: TestDatabase): Promise<boolean> => {
  const { rows } = await sql`
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'roundsman backup' AND wait_event_type = 'Lock'`.execute(
    db,
  );
  return rows.length > 0;
};

test('one that is stopped ends its process, and says why it has no backup', async () => {
  const { database, folder } = await waiting();
  const stop = new AbortController();
  const made = backupInProcess(database.url, stop.signal);
  await expect.poll(() => isWaiting(database), { timeout: 120_000 }).toBe(true);
  stop.abort(new Error('its time is over'));
  await expect(made).rejects.toThrow('its time is over');
  // The server notices within its client_connection_check_interval that the process is gone.
  await expect.poll(() => sessionsOf(database), { timeout: 10_000 }).toBe(0);
  expect(await outcomesOf(database)).toEqual([['failed', 'the worker stopped the backup']]);
  expect(readdirSync(folder)).toEqual([]);
}, 240_000);

test('one whose worker was killed ends, too', async () => {
  const { database, folder } = await waiting();
  const worker = spawn(process.execPath, [writing, database.url], { stdio: 'inherit' });
  await expect.poll(() => isWaiting(database), { timeout: 120_000 }).toBe(true);
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  await expect.poll(() => sessionsOf(database), { timeout: 30_000 }).toBe(0);
  await expect
    .poll(() => outcomesOf(database), { timeout: 30_000 })
    .toEqual([['failed', 'the worker stopped the backup']]);
  expect(readdirSync(folder)).toEqual([]);
}, 240_000);
