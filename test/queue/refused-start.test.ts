import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { queuedRun } from '../support/runs.ts';
import { administer } from '../support/postgres.ts';

test('a worker whose first connection is refused does not block its process, and takes entries when the server accepts it', async () => {
  const { db, url, name } = await testDatabase();
  await migrateQueue(url);
  await registerCatalogue(db, catalogue([aBot('watch', async () => clean('x'))]));
  const queue = await openQueue(db, { redisUrl: undefined, databaseUrl: url }, () => {});
  onTestFinished(() => queue.close());
  await queue.add([{ id: await queuedRun(db, 'watch'), generation: 1 }]);
  const behind = await openQueue(db, { redisUrl: undefined, databaseUrl: url }, () => {});
  onTestFinished(() => behind.close());
  const server = inject('postgresUrl');
  await administer(server, `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
  let taken = 0;
  let errors = 0;
  const worker = behind.work(
    1,
    async () => void (taken += 1),
    () => (errors += 1),
  );
  onTestFinished(() => worker.drain());
  const began = performance.now();
  await sleep(1_500);
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(errors).toBeLessThan(50);
  await administer(server, `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
  await expect.poll(() => taken, { timeout: 15_000 }).toBe(1);
});
