import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { backends } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, catalogue, clean, queuedRun } from '../support/flow.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';

test.each(backends)(
  'a place is free once what remains is to write, but not without end (queue on $name)',
  async (backend) => {
    const { db, url } = await testDatabase();
    if (backend.name === 'postgres') await migrateQueue(url);
    await registerCatalogue(db, catalogue([aBot('watch', async () => clean('x'))]));
    const queue = await openQueue(db, { redisUrl: backend.redisUrl, databaseUrl: url }, () => {});
    let [carried, most, done] = [0, 0, 0];
    const worker = queue.work(
      1,
      async (_, free) => {
        carried += 1;
        most = Math.max(most, carried);
        free();
        await sleep(50);
        carried -= 1;
        done += 1;
      },
      () => {},
    );
    try {
      const ids = [];
      for (let i = 0; i < 12; i++) ids.push(await queuedRun(db, 'watch'));
      await queue.add(ids.map((id) => ({ id, generation: 1 })));
      await expect.poll(() => done).toBe(12);
      // One in the place, and one on its way out.
      expect(most).toBe(2);
      await worker.drain();
    } finally {
      await queue.close();
    }
  },
);
