import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { watchdog } from '../../src/maintain/watchdog.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { aJob, aRun } from '../jobs/job-flow.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { backlog, carried, queuedRun } from '../support/runs.ts';
import { ownPostgres } from '../support/own-servers.ts';

test('a worker that began while PostgreSQL was away takes no entries, and is replaced', async () => {
  const { url, kill, start, db: direct } = await ownPostgres();
  await migrateQueue(url);
  const db = connect(url, { name: 'engine', max: 4 });
  const known = ['watch', 'busy'].map((name) => aBot(name, async () => clean('x')));
  await registerCatalogue(db, catalogue(known));
  const queue = await openQueue(db, { redisUrl: undefined, databaseUrl: url }, () => {});
  const taken: string[] = [];
  await kill();
  const worker = queue.work(
    2,
    async ({ id }) => void taken.push(id),
    () => {},
  );
  await sleep(500);
  await start();
  try {
    // Thousands of older runs wait for a place of another bot.
    await queuedRun(direct, 'busy', carried);
    await backlog(direct, 'busy', 12_000);
    const long = { queued_at: new Date(Date.now() - 10_000) };
    const id = await queuedRun(direct, 'watch', long);
    await queue.add([{ id, generation: 1 }]);
    const watch = watchdog(db, queue, worker);
    expect(await watch(), 'it is not replaced at once').toBe(false);
    const since = performance.now();
    await expect.poll(watch, { timeout: 10_000, interval: 200 }).toBe(true);
    expect(performance.now() - since).toBeGreaterThan(2_500);
    expect(taken).toEqual([]);
    await expect.poll(() => taken, { timeout: 10_000 }).toEqual([id]);
    expect(await watch(), 'the new one is not replaced at once, either').toBe(false);
  } finally {
    await worker.drain();
    await queue.close();
    await db.destroy();
  }
}, 60_000);

test('such a worker is also replaced when only runs of jobs wait', async () => {
  const { url, kill, start, db: direct } = await ownPostgres();
  await migrateQueue(url);
  const db = connect(url, { name: 'engine', max: 4 });
  const job = aJob('work', async () => {});
  await registerJobs(direct, [job]);
  const queue = await openQueue(db, { redisUrl: undefined, databaseUrl: url }, () => {});
  const taken: string[] = [];
  await kill();
  const worker = queue.work(
    2,
    async () => {},
    () => {},
    { job: async ({ id }) => void taken.push(id) },
  );
  await sleep(500);
  await start();
  try {
    const entry = await aRun(direct, job);
    await queue.add([entry]);
    const watch = watchdog(db, queue, worker, [job]);
    await expect.poll(watch, { timeout: 15_000, interval: 200 }).toBe(true);
    expect(taken).toEqual([]);
    await expect.poll(() => taken, { timeout: 10_000 }).toEqual([entry.id]);
  } finally {
    await worker.drain();
    await queue.close();
    await db.destroy();
  }
}, 60_000);
