import { expect, test } from 'vitest';
import { backends } from '../support/backends.ts';
import { queuedRun } from '../support/runs.ts';
import { queueWithBot } from './queue-with-bot.ts';

test.each(backends)(
  'an entry that BullMQ fetches while its worker drains is left for the next worker (queue on $name)',
  async (backend) => {
    const { db, queue } = await queueWithBot(backend);
    const taken = new Set<string>();
    const take = async ({ id }: { id: string }) => void taken.add(id);
    try {
      // Each time the worker waits for entries when it begins to drain, and one is added at that moment.
      for (let round = 0; round < 25; round++) {
        const worker = queue.work(1, take, () => {});
        const first = await queuedRun(db, 'watch');
        const late = await queuedRun(db, 'watch');
        await queue.add([{ id: first, generation: 1 }]);
        await expect.poll(() => taken.has(first), { interval: 2 }).toBe(true);
        const added = queue.add([{ id: late, generation: 1 }]);
        if (round % 2 === 0) await added;
        await worker.drain();
        await added;
        if (taken.has(late)) continue;
        expect(await queue.entryState({ id: late, generation: 1 }), `round ${round}`).toBe(
          'waiting',
        );
        const next = queue.work(1, take, () => {});
        await expect.poll(() => taken.has(late), { interval: 2 }).toBe(true);
        await next.drain();
      }
    } finally {
      await queue.close();
    }
  },
);
