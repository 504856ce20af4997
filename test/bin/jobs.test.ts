/** Runs of jobs in real workers that are killed or asked to stop. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { requestJob } from '../../src/transitions/jobs/request.ts';
import { jobRow } from '../jobs/job-flow.ts';
import { backends } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { install, roundsman, type Running } from '../support/installation.ts';

const checkout = install('slow-bots.ts', 'slow-jobs.ts');
const directory = mkdtempSync(join(tmpdir(), 'roundsman-jobs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const settled = { timeout: 20_000, interval: 50 };

const started = (worker: Running) =>
  expect.poll(() => worker.lines().map(({ msg }) => msg), settled).toContain('started');

describe.each(backends)('on $name', ({ redisUrl }) => {
  async function scene() {
    const { db, url } = await testDatabase();
    if (!redisUrl) await migrateQueue(url);
    const settings = { DATABASE_URL: url, ...(redisUrl ? { REDIS_URL: redisUrl } : {}) };
    return { db, start: () => roundsman(checkout, settings, 'worker') };
  }
  const ask = (db: Parameters<typeof requestJob>[0], name: string, payload = {}) =>
    requestJob(db, { name, maxAttempts: 3 }, payload);

  test('a worker that is killed in a job is replaced by another, and the run ends once', async () => {
    const { db, start } = await scene();
    const killed = start();
    await started(killed);
    const file = join(directory, `began-${redisUrl ? 'redis' : 'postgres'}`);
    const id = await ask(db, 'needs-two', { file });
    await expect
      .poll(() => existsSync(file) && readFileSync(file, 'utf8'), settled)
      .toBe(String(killed.pid));
    const other = start();
    await started(other);
    killed.child.kill('SIGKILL');
    await expect
      .poll(() => jobRow(db, id), settled)
      .toMatchObject({ status: 'success', attempt: 2, figures: { attempt: 2 }, reason: null });
    expect(readFileSync(file, 'utf8')).toBe(String(other.pid));
    // The row is written before the line of the log.
    await expect
      .poll(() => other.lines().filter(({ msg }) => msg === 'job ended'), settled)
      .toMatchObject([{ job: 'needs-two', run: id, status: 'success' }]);
  }, 60_000);

  test('SIGTERM: a job that ends within the grace is finished, another one is given back', async () => {
    const { db, start } = await scene();
    const worker = start();
    await started(worker);
    const short = await ask(db, 'two-seconds');
    const long = await ask(db, 'endless');
    for (const id of [short, long])
      await expect.poll(async () => (await jobRow(db, id)).status, settled).toBe('running');
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    expect(await jobRow(db, short)).toMatchObject({ status: 'success', attempt: 1 });
    expect(await jobRow(db, long)).toMatchObject({
      status: 'queued',
      attempt: 0,
      reason: 'given back',
      lease_until: null,
    });
  }, 60_000);
});
