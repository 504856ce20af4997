import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { backends, type Backend } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { queuedRun } from '../support/runs.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';

/** With a bot whose runs it may carry. */
async function aQueue(backend: Backend) {
  const { db, url } = await testDatabase();
  if (backend.name === 'postgres') await migrateQueue(url);
  await registerCatalogue(db, catalogue([aBot('watch', async () => clean('x'))]));
  const queue = await openQueue(db, { redisUrl: backend.redisUrl, databaseUrl: url }, () => {});
  return { db, queue };
}

test.each(backends)(
  'a place is free once what remains is to write, but not without end (queue on $name)',
  async (backend) => {
    const { db, queue } = await aQueue(backend);
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

test.each(backends)(
  'an entry that a worker has fetched while it closes is there for the next one (queue on $name)',
  async (backend) => {
    const { db, queue } = await aQueue(backend);
    const carried = new Set<string>();
    const take = async ({ id }: { id: string }) => void carried.add(id);
    try {
      // It waits for entries when it is asked to stop, and one comes at that moment.
      for (let round = 0; round < 25; round++) {
        const worker = queue.work(1, take, () => {});
        const [before, entry] = [await queuedRun(db, 'watch'), await queuedRun(db, 'watch')];
        await queue.add([{ id: before, generation: 1 }]);
        await expect.poll(() => carried.has(before), { interval: 2 }).toBe(true);
        const added = queue.add([{ id: entry, generation: 1 }]);
        if (round % 2 === 0) await added;
        await worker.drain();
        await added;
        if (carried.has(entry)) continue;
        expect(await queue.entryState({ id: entry, generation: 1 }), `round ${round}`).toBe(
          'waiting',
        );
        const next = queue.work(1, take, () => {});
        await expect.poll(() => carried.has(entry), { interval: 2 }).toBe(true);
        await next.drain();
      }
    } finally {
      await queue.close();
    }
  },
);
