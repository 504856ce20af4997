import { Redis } from 'ioredis';
import { afterAll, expect, inject, test } from 'vitest';
import { queuePrefix } from '../../src/queue/backend.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { testDatabase } from '../support/database.ts';

const redisUrl = inject('redisUrl');
const withRedis = test.runIf(redisUrl);

withRedis(
  'an entry that was taken by a host whose clock is an hour ahead counts as gone after seconds, not after an hour',
  async () => {
    const { db, url } = await testDatabase();
    const queue = await openQueue(db, { redisUrl, databaseUrl: url }, () => {});
    const entry = { id: '00000000-0000-4000-8000-000000000001', generation: 1 };
    const { promise: taken, resolve: take } = Promise.withResolvers<void>();
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const worker = queue.work(
      1,
      () => (take(), over),
      () => {},
    );
    const redis = new Redis(redisUrl!);
    afterAll(async () => {
      end();
      await worker.drain();
      await redis.quit();
      await queue.close();
    });
    await queue.add([entry]);
    await taken;
    const [key] = await redis.keys(`${await queuePrefix(db)}:*run-${entry.id}-1`);
    const ahead = () => redis.hset(key!, 'processedOn', Date.now() + 3_600_000);
    expect(await ahead(), 'the field was there').toBe(0);
    const began = performance.now();
    expect(await queue.entryState(entry)).toBe('active');
    await expect.poll(() => queue.entryState(entry), { timeout: 10_000 }).toBe('gone');
    expect(performance.now() - began).toBeGreaterThan(4_900);
  },
);
