/** One worker process survives outages of its servers: it is never started again, and goes on by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, inject, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { install } from '../support/installation.ts';
import { ownPostgres, ownRedis } from '../support/own-servers.ts';
import { openProxy } from '../support/proxy.ts';
import { startWorker, checkRecovery } from './worker-process.ts';

const checkout = install('slow-bots.ts');
const withoutRedis = !inject('redisUrl');

test.each(withoutRedis ? (['postgres'] as const) : (['postgres', 'redis'] as const))(
  'PostgreSQL falls silent, crashes, and ends every session, queue on %s',
  async (backend) => {
    const postgres = await ownPostgres();
    const redis = backend === 'redis' ? await ownRedis() : null;
    await redis?.start();
    if (!redis) await migrateQueue(postgres.url);
    const proxy = await openProxy(postgres.url);
    const settings = { DATABASE_URL: proxy.url, ...(redis && { REDIS_URL: redis.url }) };
    const { request, ended } = await startWorker(checkout, postgres.db, settings);

    expect(proxy.freeze()).toBeGreaterThan(0);
    const dead = performance.now();
    checkRecovery('dead sockets', await ended(await request(), dead));

    const before = await request();
    await postgres.kill();
    // After this time, the pauses between tries have grown.
    await sleep(3_000);
    await postgres.start();
    const up = performance.now();
    for (const id of [before, await request()]) await ended(id);
    checkRecovery('crash', performance.now() - up);

    const storm: string[] = [];
    for (const until = performance.now() + 3_000; performance.now() < until; await sleep(300)) {
      await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name <> 'test'`.execute(
        postgres.db,
      );
      storm.push(await request());
    }
    const calm = performance.now();
    for (const id of storm) await ended(id);
    checkRecovery('storm of ended sessions', performance.now() - calm);
  },
  120_000,
);

test.skipIf(withoutRedis)(
  'Redis crashes, loses all its data, falls silent, and has no memory left',
  async () => {
    const postgres = await ownPostgres();
    const redis = await ownRedis();
    await redis.start();
    const proxy = await openProxy(redis.url);
    const { request, ended, worker } = await startWorker(checkout, postgres.db, {
      DATABASE_URL: postgres.url,
      REDIS_URL: proxy.url,
    });

    const before = await request();
    await redis.kill();
    await sleep(3_000);
    const meanwhile = await request();
    await redis.start();
    const up = performance.now();
    for (const id of [before, meanwhile]) await ended(id);
    checkRecovery('crash of Redis', performance.now() - up);

    const forgotten = await request();
    await redis.ask.flushall();
    checkRecovery('FLUSHALL', await ended(forgotten));

    expect(proxy.freeze()).toBeGreaterThan(2);
    const dead = performance.now();
    checkRecovery('dead sockets to Redis', await ended(await request(), dead));

    await redis.ask.config('SET', 'maxmemory', '1');
    const full = await request();
    await sleep(4_000);
    const row = sql<{ status: string }>`SELECT status FROM bot_executions WHERE id = ${full}`;
    expect((await row.execute(postgres.db)).rows[0]!.status).toBe('queued');
    await redis.ask.config('SET', 'maxmemory', '0');
    checkRecovery('Redis out of memory', await ended(full));
    // The failure is logged, but not after every try.
    const lines = worker.lines();
    expect(lines.filter(({ msg }) => msg === 'rescue failed').length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(60);
  },
  120_000,
);
