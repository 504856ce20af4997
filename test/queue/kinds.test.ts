/** Entries that are not runs of bots, and entries that older and newer versions have queued. */
import { describe, expect, test } from 'vitest';
import { migrateQueue, queuePrefix } from '../../src/queue/backend.ts';
import { onPostgres } from '../../src/queue/postgres.ts';
import { onRedis } from '../../src/queue/redis.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { backends } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';

const id = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;

describe.each(backends)('on $name', ({ redisUrl }) => {
  async function openQueues() {
    const { db, url } = await testDatabase();
    if (!redisUrl) await migrateQueue(url);
    const transport = redisUrl ? onRedis(redisUrl, await queuePrefix(db), true) : onPostgres(url);
    const bull = transport.openQueue();
    const queue = await openQueue(db, { redisUrl, databaseUrl: url }, () => {});
    /** Entries as another version writes them. */
    const add = (data: object, jobId: string) =>
      bull.queue.add('run-bot', data, { jobId, removeOnComplete: true });
    const dataOf = async (jobId: string) => (await bull.queue.getJob(jobId))?.data;
    const close = async () => {
      await bull.queue.close();
      await bull.end();
      await queue.close();
    };
    return { queue, add, dataOf, close };
  }

  test('each entry is given to the function for its kind', async () => {
    const { queue, dataOf, close } = await openQueues();
    const taken: string[] = [];
    try {
      await queue.add([
        { id: id(1), generation: 1 },
        { kind: 'job', id: id(1), generation: 1 },
        { kind: 'run', id: id(2), generation: 1 },
      ]);
      await queue.addCanary('one');
      expect(await queue.entryState({ kind: 'job', id: id(1), generation: 1 })).toBe('waiting');
      expect(await queue.entryState({ kind: 'job', id: id(2), generation: 1 })).toBe('gone');
      const worker = queue.work(
        1,
        async (entry) => void taken.push(`run ${entry.id.at(-1)}`),
        () => {},
        {
          job: async (entry) => void taken.push(`job ${entry.id.at(-1)}`),
          canary: async (canary) => void taken.push(`canary ${canary}`),
        },
      );
      await expect.poll(() => taken.length).toBe(4);
      await worker.drain();
      expect(taken.toSorted()).toEqual(['canary one', 'job 1', 'run 1', 'run 2']);
      // Versions that know no kinds read these fields.
      await queue.add([{ id: id(3), generation: 7, priority: 3 }]);
      expect(await dataOf(`run-${id(3)}-7`)).toEqual({ kind: 'run', id: id(3), generation: 7 });
      await queue.addCanary('two');
      expect(await dataOf('canary-two')).toMatchObject({ canary: 'two' });
    } finally {
      await close();
    }
  });

  test('an entry without a kind, of an older version, is a run; one of an unknown kind is dropped', async () => {
    const { queue, add, dataOf, close } = await openQueues();
    const taken: unknown[] = [];
    const failed: Error[] = [];
    try {
      await add({ kind: 'from tomorrow', id: id(1), generation: 1 }, 'tomorrow');
      await add({ id: id(2), generation: 4 }, `run-${id(2)}-4`);
      await add({ canary: 'old' }, 'canary-old');
      const worker = queue.work(
        1,
        async (entry) => void taken.push(entry),
        (error) => failed.push(error),
        { canary: async (canary) => void taken.push(canary) },
      );
      await expect.poll(() => taken.length).toBe(2);
      await worker.drain();
      expect(taken).toEqual([{ kind: 'run', id: id(2), generation: 4 }, 'old']);
      expect(await dataOf('tomorrow')).toBeUndefined();
      expect(failed).toEqual([]);
    } finally {
      await close();
    }
  });
});
