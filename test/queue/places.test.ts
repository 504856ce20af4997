import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { backends } from '../support/backends.ts';
import { queuedRun } from '../support/runs.ts';
import { queueWithBot } from './queue-with-bot.ts';

test.each(backends)(
  'an entry that frees its place lets the next one begin, but only as many as there are places may do so at once (queue on $name)',
  async (backend) => {
    const { db, queue } = await queueWithBot(backend);
    let [atWork, mostAtWork, done] = [0, 0, 0];
    const worker = queue.work(
      1,
      async (_, freePlace) => {
        atWork += 1;
        mostAtWork = Math.max(mostAtWork, atWork);
        freePlace();
        await sleep(50);
        atWork -= 1;
        done += 1;
      },
      () => {},
    );
    try {
      const ids = [];
      for (let i = 0; i < 12; i++) ids.push(await queuedRun(db, 'watch'));
      await queue.add(ids.map((id) => ({ id, generation: 1 })));
      await expect.poll(() => done).toBe(12);
      // One entry has the place, and one has freed it and still works.
      expect(mostAtWork).toBe(2);
      await worker.drain();
    } finally {
      await queue.close();
    }
  },
);
