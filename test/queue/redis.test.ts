/** Which Redis servers may keep the queue. */
import { expect, inject, test } from 'vitest';
import { QueueNotReadyError, QueueRefusedError } from '../../src/queue/errors.ts';
import { redisCli } from '../../src/queue/redis-cli.ts';
import { askRedis, redisWarnings, RedisEvictsError } from '../../src/queue/redis.ts';
import { examineQueueServer } from '../../src/queue/run-queue.ts';
import { ownRedis } from '../support/own-servers.ts';
import { openProxy } from '../support/proxy.ts';

const withRedis = test.runIf(inject('redisUrl'));

withRedis(
  'a Redis whose policy removes entries is refused, and the message names the policy',
  async () => {
    const redis = await ownRedis({ 'maxmemory-policy': 'allkeys-lru', appendonly: 'yes' });
    await redis.start();
    const error = await examineQueueServer({ redisUrl: redis.url }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(RedisEvictsError);
    expect(error.why).toContain('maxmemory-policy is allkeys-lru');
    const { port } = new URL(redis.url);
    expect(error.hint).toContain(
      `redis-cli -h 127.0.0.1 -p ${port} CONFIG SET maxmemory-policy noeviction`,
    );
    await redis.ask.config('SET', 'maxmemory-policy', 'noeviction');
    expect(await examineQueueServer({ redisUrl: redis.url })).toEqual([]);
  },
);

test.each([
  ['redis://cache', 'redis-cli -h cache -p 6379'],
  [
    'rediss://ann:secret@cache.example:6380/2',
    'redis-cli -h cache.example -p 6380 --tls --user ann --askpass',
  ],
  ['redis://[::1]:6390?password=secret', 'redis-cli -h ::1 -p 6390 --askpass'],
  ['redis://a%20b;c@cache', 'redis-cli -h cache -p 6379 --user ...'],
  ['none', 'redis-cli'],
])('the command for %s is `%s`', (url, command) => expect(redisCli(url)).toBe(command));

withRedis('a Redis without an append-only file makes a warning', async () => {
  const redis = await ownRedis();
  await redis.start();
  const warnings = await examineQueueServer({ redisUrl: redis.url });
  expect(warnings).toEqual([expect.stringContaining('appendonly no')]);
});

withRedis('a Redis whose settings the user may not read makes warnings', async () => {
  const redis = await ownRedis({ appendonly: 'yes' });
  await redis.start();
  await redis.ask.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all', '-config', '-info');
  const url = redis.url.replace('redis://', 'redis://app:secret@');
  const facts = await askRedis(url);
  expect(facts).toEqual({ version: null, policy: null, appendOnly: null });
  expect(redisWarnings(facts)).toEqual([
    expect.stringContaining('may not read its maxmemory-policy'),
    expect.stringContaining('may not read whether it keeps an append-only file'),
  ]);
  await redis.ask.call('ACL', 'SETUSER', 'app', '+info');
  expect(await askRedis(url), 'INFO is enough').toMatchObject({
    policy: 'noeviction',
    appendOnly: true,
  });
});

withRedis(
  'a wrong password is an error for good, a server that is away one that may end',
  async () => {
    const redis = await ownRedis({ requirepass: 'right' });
    redis.ask.options.password = 'right';
    await redis.start();
    const wrong = redis.url.replace('redis://', 'redis://:wrong@');
    await expect(askRedis(wrong)).rejects.toThrow(QueueRefusedError);
    for (const url of [wrong, redis.url])
      await expect(askRedis(url)).rejects.toMatchObject({
        hint: expect.stringMatching(/^write user and password of this Redis into REDIS_URL/),
      });
    await expect(askRedis(`${redis.url}/0`)).rejects.toThrow(/NOAUTH/);
    await redis.kill();
    await expect(askRedis(wrong)).rejects.toThrow(QueueNotReadyError);
  },
);

withRedis(
  'a Redis that accepts the connection and does not answer is an error after seconds',
  async () => {
    const redis = await ownRedis();
    await redis.start();
    redis.ask.disconnect();
    const proxy = await openProxy(redis.url);
    proxy.swallow();
    const began = performance.now();
    await expect(askRedis(proxy.url)).rejects.toThrow(QueueNotReadyError);
    expect(performance.now() - began).toBeLessThan(12_000);
  },
);
