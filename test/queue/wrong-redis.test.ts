/** Redis servers that answer and cannot keep the queue: the message says why, and none of them counts as usable. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/database/embedded/server.ts';
import { QueueNotReadyError, QueueRefusedError } from '../../src/queue/errors.ts';
import { askRedis, onRedis } from '../../src/queue/redis.ts';
import { openWorker } from '../../src/queue/run-worker.ts';
import { scriptedCommands } from '../../src/queue/try-redis.ts';
import { ownRedis, type OwnRedis } from '../support/own-servers.ts';
import { openProxy } from '../support/proxy.ts';

const withRedis = test.runIf(inject('redisUrl'));
const prefix = 'roundsman-test';

const thrownBy = async (work: Promise<unknown>) => {
  try {
    await work;
  } catch (error) {
    return error as QueueRefusedError;
  }
  return expect.unreachable('nothing was thrown');
};

/** Gives the user `app` these rights; resolves with the URL of this user. */
async function grantUser(redis: OwnRedis, ...rules: string[]): Promise<string> {
  await redis.ask.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', ...rules);
  return redis.url.replace('redis://', 'redis://app:secret@');
}

const commands = [...new Set(scriptedCommands.map((line) => line.split(' ')[0]!.toLowerCase()))];
const otherCommands = ['ping', 'eval', 'evalsha', 'bzpopmin', 'multi', 'exec'];
const sufficient = [...commands, ...otherCommands].map((name) => `+${name}`);

const warningsOf = async (work: () => Promise<void>): Promise<string[]> => {
  const { warn } = console;
  const said: string[] = [];
  console.warn = (...text: unknown[]) => void said.push(text.join(' '));
  try {
    await work();
  } finally {
    console.warn = warn;
  }
  return said;
};

/** Puts an entry into the queue and takes it out, as the engine does. */
async function moveEntries(url: string, mayAsk: boolean): Promise<void> {
  const transport = onRedis(url, prefix, mayAsk);
  const { queue, end } = transport.openQueue();
  const errors: string[] = [];
  queue.on('error', (error) => errors.push(error.message));
  const taken = Promise.withResolvers<void>();
  await queue.waitUntilReady();
  const opts = { attempts: 1, removeOnComplete: true, removeOnFail: true };
  await queue.addBulk([
    { name: 'run-bot', data: {}, opts: { ...opts, jobId: 'run-1-1', delay: 60_000 } },
    { name: 'run-bot', data: {}, opts: { ...opts, jobId: 'run-2-1', priority: 5 } },
    { name: 'run-bot', data: {}, opts: { ...opts, jobId: 'run-3-1', lifo: true } },
  ]);
  expect(await (await queue.getJob('run-1-1'))!.getState()).toBe('delayed');
  await queue.remove('run-1-1');
  let left = 2;
  const worker = openWorker(
    transport,
    1,
    async () => {
      if (--left === 0) taken.resolve();
    },
    (error) => errors.push(error.message),
  );
  await taken.promise;
  await worker.drain();
  await queue.close();
  await end();
  expect(errors).toEqual([]);
}

withRedis(
  'the trial calls every command that the scripts call with which BullMQ moves our entries',
  () => {
    const root = dirname(createRequire(import.meta.url).resolve('bullmq/package.json'));
    const folder = join(root, 'dist/esm/scripts');
    const ours =
      /^(add(Standard|Prioritized|Delayed)Job|getState|moveToActive|moveToFinished|moveJobFromActiveToWait|moveStalledJobsToWait|extendLocks?|removeJob|releaseLock)/;
    const called = readdirSync(folder)
      .filter((name) => ours.test(name) && name.endsWith('.js'))
      .flatMap((name) => [
        ...readFileSync(join(folder, name), 'utf8').matchAll(/r?call\(['"]([A-Za-z]+)['"]/g),
      ])
      .map(([, command]) => command!.toLowerCase());
    expect(called.length).toBeGreaterThan(100);
    expect([...new Set(called)].filter((command) => !commands.includes(command))).toEqual([]);
  },
);

withRedis(
  'with exactly these rights, without INFO, entries are queued and taken, and nothing is printed',
  async () => {
    const redis = await ownRedis();
    await redis.start();
    const url = await grantUser(redis, `~${prefix}:*`, ...sufficient);
    const said = await warningsOf(async () => {
      expect(await askRedis(url, prefix)).toMatchObject({ version: null });
      await moveEntries(url, false);
    });
    expect(said).toEqual([]);
    expect(await redis.ask.keys(`${prefix}:runs:try-*`), 'nothing stays').toEqual([]);
  },
);

withRedis('the message names each command that the user may not call', async () => {
  const redis = await ownRedis();
  await redis.start();
  for (const name of [...commands, 'eval', 'evalsha', 'bzpopmin', 'multi', 'exec']) {
    const url = await grantUser(redis, `~${prefix}:*`, ...sufficient, `-${name}`);
    const error = await thrownBy(askRedis(url, prefix));
    expect(error, name).toBeInstanceOf(QueueRefusedError);
    expect(error.hint.toLowerCase(), name).toContain(`+${name}`);
    expect(error.hint).not.toContain('db migrate');
  }
  const url = await grantUser(redis, `~${prefix}:*`, ...sufficient, '-hset', '-xadd');
  expect((await thrownBy(askRedis(url, prefix))).hint).toMatch(/\+hset.*\+xadd|\+xadd.*\+hset/);
});

withRedis('the message names the keys that the user may not have', async () => {
  const redis = await ownRedis();
  await redis.start();
  for (const keys of [['~other:*'], ['resetkeys'], ['%R~*']]) {
    const url = await grantUser(redis, ...keys, '+@all');
    const error = await thrownBy(askRedis(url, prefix));
    expect(error, keys[0]).toBeInstanceOf(QueueRefusedError);
    expect(error.hint, keys[0]).toContain(`~${prefix}:*`);
  }
});

withRedis('the message names a command that the server does not have', async () => {
  const redis = await ownRedis({ 'rename-command': ['XADD', ''] });
  await redis.start();
  const error = await thrownBy(askRedis(redis.url, prefix));
  expect(error).toBeInstanceOf(QueueRefusedError);
  expect(error.why).toContain('XADD');
});

withRedis(
  'a replica is an error that may end, whether the user may read its role or not',
  async () => {
    const primary = await ownRedis();
    const replica = await ownRedis();
    await primary.start();
    await replica.start();
    await replica.ask.replicaof('127.0.0.1', primary.port);
    const link = async () => ((await replica.ask.call('ROLE')) as string[])[3];
    await expect.poll(link).toBe('connected');
    const untold = await grantUser(replica, `~${prefix}:*`, ...sufficient);
    for (const url of [replica.url, untold]) {
      const error = await thrownBy(askRedis(url, prefix));
      expect(error).toBeInstanceOf(QueueNotReadyError);
      expect(error.what, error.why).toBe('this Redis is a replica, and holds no queue');
    }
    expect((await thrownBy(askRedis(replica.url))).why).toContain(`127.0.0.1:${primary.port}`);
  },
);

withRedis('a Sentinel is recognised', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-sentinel-'));
  const port = await freePort(0);
  const file = join(directory, 'sentinel.conf');
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${directory}\n`);
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  });
  const asked = () => thrownBy(askRedis(`redis://127.0.0.1:${port}`, prefix));
  await expect.poll(async () => (await asked()).what).toContain('names a Sentinel');
  expect(await asked()).toBeInstanceOf(QueueRefusedError);
});

withRedis(
  'a Redis in cluster mode is refused, whether the user may read its mode or not',
  async () => {
    const redis = await ownRedis({ 'cluster-enabled': 'yes' });
    await redis.start();
    expect((await thrownBy(askRedis(redis.url, prefix))).what).toContain('node of a cluster');
    const slots = Array.from({ length: 16_384 }, (_, slot) => slot);
    await redis.ask.cluster('ADDSLOTS', ...slots);
    await expect
      .poll(async () => String(await redis.ask.cluster('INFO')))
      .toContain('cluster_state:ok');
    const url = await grantUser(redis, `~${prefix}:*`, ...sufficient);
    const error = await thrownBy(askRedis(url, prefix));
    expect(error).toBeInstanceOf(QueueRefusedError);
    expect(error.what).toContain('node of a cluster');
  },
);

withRedis(
  'a Redis without free memory, or without its replicas, is an error that may end',
  async () => {
    const redis = await ownRedis();
    await redis.start();
    await redis.ask.config('SET', 'maxmemory', '1');
    const full = await thrownBy(askRedis(redis.url, prefix));
    expect(full).toBeInstanceOf(QueueNotReadyError);
    expect(full.what).toContain('no memory');
    await redis.ask.config('SET', 'maxmemory', '0');
    await redis.ask.config('SET', 'min-replicas-to-write', '1');
    const alone = await thrownBy(askRedis(redis.url, prefix));
    expect(alone).toBeInstanceOf(QueueNotReadyError);
    expect(alone.what).toContain('replicas');
  },
);

/** Opens a queue and a worker on the transport. Returns what the worker has taken, and the messages of errors. */
async function openQueueAndWorker(transport: ReturnType<typeof onRedis>) {
  const { queue, end } = transport.openQueue();
  const errors: string[] = [];
  queue.on('error', (error) => errors.push(error.message));
  await queue.waitUntilReady();
  const taken: string[] = [];
  const worker = openWorker(
    transport,
    1,
    async (entry: { n: string }) => void taken.push(entry.n),
    (error) => errors.push(error.message),
  );
  onTestFinished(async () => {
    await worker.drain();
    await queue.close();
    await end();
  });
  return { queue, errors, taken };
}

withRedis('after a failover, clients of the old primary find the new one', async () => {
  const old = await ownRedis();
  const next = await ownRedis();
  await old.start();
  await next.start();
  const proxy = await openProxy(old.url);
  const transport = onRedis(proxy.url, prefix);
  const { queue, errors, taken } = await openQueueAndWorker(transport);
  await queue.add('run-bot', { n: 'before' });
  await expect.poll(() => taken).toEqual(['before']);

  proxy.leadTo(next.url);
  await old.ask.replicaof('127.0.0.1', next.port);
  const add = () =>
    queue.add('run-bot', { n: 'after' }).then(
      () => 'added',
      (error: Error) => error.message,
    );
  await expect.poll(add, { interval: 200 }).toBe('added');
  await expect.poll(() => taken.length).toBeGreaterThan(1);
  expect(errors.length, 'without a storm').toBeLessThan(50);
});

withRedis(
  'the message names a database that the server does not have, or that the user may not select',
  async () => {
    const redis = await ownRedis();
    await redis.start();
    const untold = await grantUser(redis, `~${prefix}:*`, ...sufficient);
    const unselected = await grantUser(redis, '~*', '&*', '+@all', '-select');
    for (const [url, database, why] of [
      [redis.url, 99, /out of range/],
      [unselected, 1, /no permissions/],
      [untold, 1, /no permissions/],
    ] as const)
      for (const of of [null, prefix]) {
        const error = await thrownBy(askRedis(`${url}/${database}`, of));
        expect(error).toBeInstanceOf(QueueRefusedError);
        expect(error.what).toContain(`its database ${database}`);
        expect(error.why).toMatch(why);
        expect(error.hint).toMatch(/CONFIG GET databases.*\+select/);
      }
    expect(await askRedis(`${unselected}/0`, prefix)).toBeTruthy();
    expect(await askRedis(`${redis.url}/15`, prefix)).toBeTruthy();
  },
);

withRedis(
  'clients that may no longer select their database write into no other database',
  async () => {
    const redis = await ownRedis();
    await redis.start();
    const url = await grantUser(redis, '~*', '&*', '+@all');
    const transport = onRedis(`${url}/1`, prefix);
    const { queue, errors, taken } = await openQueueAndWorker(transport);
    const add = (n: string) =>
      queue.add('run-bot', { n }).then(
        () => 'added',
        () => 'refused',
      );
    expect(await add('before')).toBe('added');
    await expect.poll(() => taken).toEqual(['before']);

    await redis.ask.call('ACL', 'SETUSER', 'app', '-select');
    await redis.ask.call('CLIENT', 'KILL', 'USER', 'app');
    expect(await add('meanwhile')).toBe('refused');
    await expect.poll(() => errors.filter((said) => /select/.test(said)).length).toBeGreaterThan(2);
    expect(await redis.ask.keys('*'), 'database 0').toEqual([]);
    await redis.ask.call('ACL', 'SETUSER', 'app', '+select');
    await expect.poll(() => add('after'), { interval: 200 }).toBe('added');
    await expect.poll(() => taken).toContain('after');
    expect(await redis.ask.keys('*'), 'database 0').toEqual([]);
  },
);
