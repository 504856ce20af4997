/** `worker` as a process: how it starts, and how it ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, expect, inject, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';
import { rowOf } from '../support/runs.ts';
import { childrenOf, install, isAlive, roundsman, type Running } from '../support/installation.ts';
import { waiting } from '../support/held.ts';
import { openProxy } from '../support/proxy.ts';
import { ownPostgres, ownRedis } from '../support/own-servers.ts';

const checkout = install('slow-bots.ts');
const home = mkdtempSync(join(tmpdir(), 'roundsman-serve-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const settled = { timeout: 20_000, interval: 50 };
const withoutRedis = !inject('redisUrl');

async function migratedForQueue() {
  const database = await testDatabase();
  await migrateQueue(database.url);
  return database;
}

const started = (worker: Running) =>
  expect.poll(() => worker.lines().map(({ msg }) => msg), settled).toContain('started');

async function runOf(db: Db, bot: string): Promise<string> {
  const row = db.selectFrom('bots').select('id').where('name', '=', bot);
  return (await queueManualRun(db, (await row.executeTakeFirstOrThrow()).id)).id;
}

const statusOf = async (db: Db, id: string) => (await rowOf(db, id)).status;

const messages = (worker: Running, part: string) =>
  worker.lines().filter(({ msg }) => msg.includes(part));

test('SIGTERM: runs that end within the grace are finished, the others are given back, and no run begins', async () => {
  const { db, url } = await migratedForQueue();
  const worker = roundsman(checkout, { DATABASE_URL: url }, 'worker');
  await started(worker);
  const short = await runOf(db, 'two-seconds');
  const long = await runOf(db, 'endless');
  for (const id of [short, long])
    await expect.poll(() => statusOf(db, id), settled).toBe('running');
  // A second child is started when the first one is busy for long.
  await expect.poll(() => childrenOf(worker.pid).length).toBeGreaterThan(1);
  const children = childrenOf(worker.pid);

  const askedAt = performance.now();
  worker.child.kill('SIGTERM');
  await expect.poll(() => messages(worker, 'asked to stop').length, settled).toBe(1);
  const late = await runOf(db, 'quick');
  expect(await worker.ended).toBe(0);
  const tookMs = performance.now() - askedAt;
  // Its last sign is its stop, and not what it wrote before.
  const { rows } = await sql<{ is_later: boolean }>`
    SELECT (value ->> 'worker')::timestamptz > (SELECT max(completed_at) FROM bot_executions) AS is_later
    FROM engine.settings WHERE key = 'last_stop'`.execute(db);
  expect(rows).toEqual([{ is_later: true }]);
  expect(tookMs).toBeGreaterThan(9_500);
  expect(tookMs).toBeLessThan(15_000);
  expect(await rowOf(db, short)).toMatchObject({ status: 'success', attempt: 1 });
  expect(await rowOf(db, long)).toMatchObject({
    status: 'queued',
    attempt: 0,
    reason: 'given back',
    // From here on it counts as waiting.
    execution_time_ms: expect.any(Number),
    lease_until: null,
  });
  expect(await rowOf(db, late)).toMatchObject({ status: 'queued', attempt: 0 });
  expect(children.filter(isAlive)).toEqual([]);
}, 60_000);

test('a second SIGTERM ends it at once, with its children', async () => {
  const { db, url } = await migratedForQueue();
  const worker = roundsman(checkout, { DATABASE_URL: url }, 'worker');
  await started(worker);
  const id = await runOf(db, 'endless');
  await expect.poll(() => statusOf(db, id), settled).toBe('running');
  const children = childrenOf(worker.pid);
  expect(children.length).toBeGreaterThan(0);
  const firstAt = performance.now();
  worker.child.kill('SIGTERM');
  // A wrapper sends the signal twice at once; a second one counts if it comes a second later.
  const again = setInterval(() => worker.child.kill('SIGTERM'), 100);
  expect(await worker.ended).toBe(130);
  clearInterval(again);
  expect(performance.now() - firstAt).toBeLessThan(6_000);
  await expect.poll(() => children.filter(isAlive), { timeout: 2_000, interval: 20 }).toEqual([]);
});

test.skipIf(withoutRedis)(
  'it waits for Redis, says so once, and starts when it comes',
  async () => {
    const { db, url } = await testDatabase();
    const redis = await ownRedis();
    const worker = roundsman(checkout, { DATABASE_URL: url, REDIS_URL: redis.url }, 'worker');
    await expect.poll(() => messages(worker, 'not ready').length, settled).toBe(1);
    expect(messages(worker, 'not ready')[0]).toMatchObject({
      msg: 'not ready, trying again: BullMQ cannot reach its Redis',
      why: expect.stringContaining('ECONNREFUSED'),
    });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(worker.lines()).toHaveLength(1);
    const doctor = roundsman(checkout, { DATABASE_URL: url, REDIS_URL: redis.url }, 'doctor');
    expect(await doctor.ended).toBe(1);
    expect(doctor.heard.out).toMatch(/fail +Redis .*ECONNREFUSED/);
    expect(doctor.heard.out, 'the doctor sends to itself').not.toContain('npx roundsman doctor');
    await redis.start();
    await started(worker);
    await expect
      .poll(() => messages(worker, 'ready: every server answers now').length, settled)
      .toBe(1);
    const id = await runOf(db, 'quick');
    await expect.poll(() => statusOf(db, id), settled).toBe('success');
  },
);

test('it waits for PostgreSQL, and starts when it comes', async () => {
  const postgres = await ownPostgres();
  await migrateQueue(postgres.url);
  await postgres.kill();
  const worker = roundsman(checkout, { DATABASE_URL: postgres.url }, 'worker');
  await expect.poll(() => messages(worker, 'not ready').length, settled).toBe(1);
  expect(worker.lines()[0]!.msg).toContain('the database cannot be reached');
  await postgres.start();
  await started(worker);
  const id = await runOf(postgres.db, 'quick');
  await expect.poll(() => statusOf(postgres.db, id), settled).toBe('success');
}, 60_000);

test('it ends properly when it is asked to stop before it is ready', async () => {
  const worker = roundsman(
    checkout,
    { DATABASE_URL: 'postgres://somebody:secret@127.0.0.1:1/x' },
    'scheduler',
  );
  await expect.poll(() => messages(worker, 'not ready').length, settled).toBe(1);
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  expect(messages(worker, 'asked to stop before it was ready')).toHaveLength(1);
});

test.each([['worker'], ['scheduler'], ['up']])(
  'a server that accepts connections but does not answer does not keep %s from ending',
  async (command) => {
    const { url } = await migratedForQueue();
    const proxy = await openProxy(url);
    proxy.swallow();
    const settings = { DATABASE_URL: proxy.url, ROUNDSMAN_HOME: home };
    const worker = roundsman(checkout, settings, command);
    await proxy.swallowed;
    worker.child.kill('SIGTERM');
    const askedAt = performance.now();
    expect(await worker.ended).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(4_000);
    expect(worker.heard.out).toMatch(/stop(ped)? before it was ready/i);
  },
);

test.skipIf(withoutRedis)('nor does a Redis that does not answer', async () => {
  const { url } = await testDatabase();
  const proxy = await openProxy(inject('redisUrl')!);
  proxy.swallow();
  const worker = roundsman(checkout, { DATABASE_URL: url, REDIS_URL: proxy.url }, 'worker');
  await proxy.swallowed;
  worker.child.kill('SIGTERM');
  const askedAt = performance.now();
  expect(await worker.ended).toBe(0);
  expect(performance.now() - askedAt).toBeLessThan(4_000);
});

test('a server that stops answering during a start delays the end by seconds at most', async () => {
  const { url } = await migratedForQueue();
  const proxy = await openProxy(url);
  // It has answered once: the start has begun.
  proxy.swallow(2);
  const worker = roundsman(checkout, { DATABASE_URL: proxy.url }, 'worker');
  await proxy.swallowed;
  proxy.freeze();
  worker.child.kill('SIGTERM');
  const askedAt = performance.now();
  expect(await worker.ended).toBe(0);
  expect(performance.now() - askedAt).toBeLessThan(5_000);
});

test.each([
  ['worker', 'endless'],
  ['worker', null],
  ['scheduler', null],
  ['up', null],
])(
  'a database that stops answering does not keep a running %s (with the run: %s) from ending within seconds',
  async (command, bot) => {
    const { db, url } = await migratedForQueue();
    const proxy = await openProxy(url);
    const settings = { DATABASE_URL: proxy.url, ROUNDSMAN_HOME: home };
    const process = roundsman(checkout, settings, command);
    if (command === 'up')
      await expect.poll(() => process.heard.out, settled).toContain('BullMQ on postgres');
    else await started(process);
    const id = bot && (await runOf(db, bot));
    if (id) await expect.poll(() => statusOf(db, id), settled).toBe('running');
    proxy.swallow();
    proxy.freeze();
    // A statement of a timer has been sent.
    await proxy.swallowed;
    process.child.kill('SIGTERM');
    const askedAt = performance.now();
    expect(await process.ended).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(5_500);
    const said = process.heard.out;
    expect(said.slice(said.indexOf('asked to stop'))).not.toMatch(/destroyed|after calling end/);
    if (command !== 'up') expect(messages(process, 'left to rescue')).toHaveLength(1);
    if (id) expect(await rowOf(db, id)).toMatchObject({ status: 'running', attempt: 1 });
  },
  60_000,
);

test('the time that running bots get to end is cut short by a database that stops answering', async () => {
  const { db, url } = await migratedForQueue();
  const proxy = await openProxy(url);
  const worker = roundsman(checkout, { DATABASE_URL: proxy.url }, 'worker');
  await started(worker);
  const id = await runOf(db, 'endless');
  await expect.poll(() => statusOf(db, id), settled).toBe('running');
  worker.child.kill('SIGTERM');
  await expect.poll(() => messages(worker, 'asked to stop').length, settled).toBe(1);
  proxy.swallow();
  proxy.freeze();
  const silentAt = performance.now();
  expect(await worker.ended).toBe(0);
  expect(performance.now() - silentAt).toBeLessThan(5_500);
}, 60_000);

test('a statement that waits for a lock at the stop is waited for, and no timer fails', async () => {
  const { db, url } = await migratedForQueue();
  const worker = roundsman(checkout, { DATABASE_URL: url }, 'worker');
  await started(worker);
  await db.transaction().execute(async (trx) => {
    await sql`LOCK TABLE bot_decisions IN ACCESS EXCLUSIVE MODE`.execute(trx);
    await expect.poll(waiting(db), settled).toBe(1);
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
  });
  expect(worker.heard.out).not.toMatch(/destroyed|after calling end|settle failed/);
  expect(messages(worker, 'stopped')).toHaveLength(1);
}, 60_000);

test('a database that does not exist is an error at once', async () => {
  const { url } = await testDatabase();
  const nowhere = Object.assign(new URL(url), { pathname: '/nowhere' }).href;
  const worker = roundsman(checkout, { DATABASE_URL: nowhere }, 'worker');
  expect(await worker.ended).toBe(1);
  expect(worker.heard.err).toContain('there is no such database');
});

test.skipIf(withoutRedis)('a Redis that wants another password is an error at once', async () => {
  const { url } = await testDatabase();
  const redis = await ownRedis({ requirepass: 'secret' });
  redis.ask.options.password = 'secret';
  await redis.start();
  const worker = roundsman(checkout, { DATABASE_URL: url, REDIS_URL: redis.url }, 'worker');
  expect(await worker.ended).toBe(1);
  expect(worker.heard.err).toMatch(/Redis refuses the login\n +why: NOAUTH/);
});
