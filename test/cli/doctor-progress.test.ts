/** The doctor calls an engine well only when a canary came through real processes. */
import { sql } from 'kysely';
import { expect, inject, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import type { Db } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';
import { install, roundsman, type Running } from '../support/installation.ts';
import { ownRedis } from '../support/own-servers.ts';
import { roundsman as command } from './command.ts';
import { insertBot, insertNode, insertRun } from './rows.ts';

const checkout = install('slow-bots.ts');
const started = (process: Running) =>
  expect
    .poll(() => process.lines().map(({ msg }) => msg), { timeout: 20_000 })
    .toContain('started');

async function scene(...roles: ('scheduler' | 'worker')[]) {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const processes = roles.map((role) => roundsman(checkout, { DATABASE_URL: url }, role));
  for (const process of processes) await started(process);
  return { db, url, processes };
}

const notWell = (out: string) => {
  expect(out).not.toMatch(/^ok +Processes/m);
  expect(out).not.toContain('Nothing is broken.');
};

/** The processes have had time to take up what waits. */
const letTimePass = (db: Db) =>
  db
    .updateTable('engine.nodes')
    .set({ started_at: sql<Date>`engine.now() - interval '1 minute'` })
    .execute();

test('a scheduler and a worker through which a canary comes are well', async () => {
  const { db, url } = await scene('scheduler', 'worker');
  const { code, out } = await command(url, 'doctor');
  expect(code, out).toBe(0);
  expect(out).toMatch(/^ok +Processes +(worker|scheduler) \d+ on /m);
  expect(out).toMatch(
    /^ok +Progress +a canary run went through claim, queue, child and record in [\d.]+ m?s \(claim .*, queue .*, child .*, record .*\)$/m,
  );
  // The tests' server keeps nothing through a crash of its host, and their login is its superuser.
  expect(out).toContain('Nothing is broken; warnings: 2.');
  expect(out.match(/^warn +\w+/gm)!.map((line) => line.slice(6))).toEqual([
    'Replication',
    'Rights',
  ]);
  const document = (await command(url, 'doctor', '--json')).json();
  expect(document).toContainEqual(
    expect.objectContaining({
      subject: 'Progress',
      status: 'ok',
      hint: null,
      canary: { passed: true, ms: expect.objectContaining({ total: expect.any(Number) }) },
    }),
  );

  // A worker that waits elsewhere is of no use, however well the other one is.
  await insertNode(db, 'worker', 0, 'redis on elsewhere');
  expect((await command(url, 'doctor')).out).toMatch(
    /^warn +Processes +worker 1 on elsewhere takes runs from redis on elsewhere, and schedulers put them into postgres\b.*\n +try: .*REDIS_URL/m,
  );
});

test('several doctors at once each get their answer', async () => {
  const { db, url } = await scene('scheduler', 'worker');
  const doctors = await Promise.all(Array.from({ length: 3 }, () => command(url, 'doctor')));
  expect(doctors.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(await db.selectFrom('engine.canaries').select('id').execute()).toEqual([]);
});

test.each([
  ['claim', ['worker'], 'no scheduler is alive to claim it', 'roundsman scheduler'],
  ['queue', ['scheduler'], 'no worker is alive to take it', 'roundsman worker'],
] as const)('the leg %s is named where only a %s is alive', async (leg, roles, why, hint) => {
  const { url } = await scene(...roles);
  const { code, out } = await command(url, 'doctor');
  expect(code).toBe(1);
  expect(out).toMatch(
    new RegExp(
      `^fail +Progress +a canary run did not get through ${leg}: .*${why}\\n +try: .*${hint}`,
      'm',
    ),
  );
  notWell(out);
});

test('a worker that stands still is alive by its heartbeat and not well', async () => {
  const { url, processes } = await scene('scheduler', 'worker');
  processes[1]!.child.kill('SIGSTOP');
  const { code, out } = await command(url, 'doctor');
  expect(code).toBe(1);
  expect(out).toMatch(/^fail +Progress +a canary run did not get through queue: /m);
  notWell(out);
  // Its heartbeat stops with it.
  await expect
    .poll(async () => (await command(url, 'status')).out, { timeout: 20_000, interval: 1_000 })
    .toContain('no worker is alive (last sign of one');
}, 60_000);

test.skipIf(!inject('redisUrl'))(
  'a queue that takes nothing is found by doctor and status while every process beats',
  async () => {
    const redis = await ownRedis({ appendonly: 'yes' });
    await redis.start();
    const { db, url } = await testDatabase();
    const settings = { DATABASE_URL: url, REDIS_URL: redis.url };
    for (const role of ['scheduler', 'worker']) await started(roundsman(checkout, settings, role));
    const status = () => command(url, 'status', '--json');
    expect((await status()).json().needs_attention).toEqual([]);
    await letTimePass(db);
    await redis.ask.config('SET', 'maxmemory', '1');
    const { id } = await db
      .selectFrom('bots')
      .select('id')
      .where('name', '=', 'quick')
      .executeTakeFirstOrThrow();
    const run = await insertRun(db, id, 2, {
      status: 'queued',
      completed_at: null,
      execution_time_ms: null,
    });
    const { code, json } = await status();
    expect(code).toBe(6);
    expect(json().alive).toEqual({ schedulers: 1, workers: 1 });
    expect(json().needs_attention).toEqual([
      expect.stringMatching(/^1 due run waits for [23]m \(quick\)/),
    ]);
    const doctor = roundsman(checkout, settings, 'doctor');
    expect(await doctor.ended).toBe(1);
    expect(doctor.heard.out).toMatch(
      /^fail +Progress +a canary run did not get through queue: .* could not put it into the queue \(redis .*OOM/m,
    );
    expect(doctor.heard.out).toMatch(/^fail +Runs +1 due run waits for [23]m \(quick\)/m);
    notWell(doctor.heard.out);

    await redis.ask.config('SET', 'maxmemory', '0');
    const row = db.selectFrom('bot_executions').select('status').where('id', '=', run);
    await expect
      .poll(() => row.executeTakeFirst(), { timeout: 20_000 })
      .toEqual({ status: 'success' });
    expect((await status()).json().needs_attention).toEqual([]);
    const again = roundsman(checkout, settings, 'doctor');
    expect(await again.ended, again.heard.out).toBe(0);
  },
  60_000,
);

test.skipIf(!inject('redisUrl'))(
  'a worker on another database of Redis fails at the leg queue, with both named',
  async () => {
    const redis = await ownRedis({ appendonly: 'yes' });
    await redis.start();
    const { url } = await testDatabase();
    const on = (database: number) => ({ DATABASE_URL: url, REDIS_URL: `${redis.url}/${database}` });
    for (const process of [
      roundsman(checkout, on(0), 'scheduler'),
      roundsman(checkout, on(1), 'worker'),
    ])
      await started(process);
    const doctor = roundsman(checkout, on(0), 'doctor');
    expect(await doctor.ended).toBe(1);
    expect(doctor.heard.out).toMatch(
      /^fail +Progress +a canary run did not get through queue: the queue did not deliver it .*\/0, .*takes from redis .*\/1\)\n +try: .*REDIS_URL/m,
    );
    notWell(doctor.heard.out);
  },
  40_000,
);

test('a worker without a free place is said to be full, and nothing to be broken', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const settings = { DATABASE_URL: url, ROUNDSMAN_CONCURRENCY: '1' };
  for (const role of ['scheduler', 'worker']) await started(roundsman(checkout, settings, role));
  const bots = await db.selectFrom('bots').select(['id', 'name']).execute();
  const idOf = (wanted: string) => bots.find(({ name }) => name === wanted)!.id;
  const queued = { status: 'queued', completed_at: null, execution_time_ms: null } as const;
  await insertRun(db, idOf('endless'), 0, queued);
  await expect
    .poll(async () => (await db.selectFrom('bot_executions').select('status').execute())[0])
    .toEqual({ status: 'running' });
  await insertRun(db, idOf('quick'), 3, queued);
  await letTimePass(db);
  const { code, out } = await command(url, 'doctor');
  expect(code).toBe(0);
  expect(out).toMatch(
    /^warn +Progress +a canary run has not begun: it waits first in the queue: the only place of the worker is busy$/m,
  );
  expect(out).toMatch(/^warn +Runs +1 due run waits for [34]m \(quick\)/m);
  notWell(out);
}, 60_000);

test('processes of an older version are told apart from broken ones', async () => {
  const { db, url } = await testDatabase();
  await insertNode(db, 'up');
  const { code, out } = await command(url, 'doctor');
  expect(code, out).toBe(0);
  expect(out).toMatch(
    /^warn +Progress +a canary run did not get through claim: .*\n +try: restart up 1 on elsewhere with this version: an older one knows no canaries/m,
  );
  notWell(out);
}, 40_000);

test('where nothing is alive it does not wait', async () => {
  const { db, url } = await testDatabase();
  await insertNode(db, 'up', 60);
  const began = performance.now();
  const { code, out } = await command(url, 'doctor');
  // A canary would be waited for: 20 s.
  expect(performance.now() - began).toBeLessThan(15_000);
  expect(code).toBe(0);
  expect(out).toMatch(/^warn +Processes +none is alive: nothing runs$/m);
  expect(out).not.toMatch(/Progress|Nothing is broken\./);
  // With bots that should run it is not well at all.
  await insertBot(db, 'watch');
  const worse = await command(url, 'doctor');
  expect(worse.code).toBe(1);
  expect(worse.out).toMatch(/^fail +Processes +none is alive: nothing runs$/m);
});
