/** How processes behave while the PostgreSQL at their address takes no writes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, inject, onTestFinished, test } from 'vitest';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { connect } from '../../src/database/connect.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { install, roundsman } from '../support/installation.ts';
import { ownPostgres, ownRedis } from '../support/own-servers.ts';
import { openProxy } from '../support/proxy.ts';
import { startWorker, checkRecovery } from './worker-process.ts';

const checkout = install('slow-bots.ts');
const withoutRedis = !inject('redisUrl');
const poll = { timeout: 20_000, interval: 50 };

test.each(withoutRedis ? (['postgres'] as const) : (['postgres', 'redis'] as const))(
  'a worker goes on after a time without writes, and after a switchover in which the old primary stays up read-only, queue on %s',
  async (backend) => {
    const postgres = await ownPostgres();
    const redis = backend === 'redis' ? await ownRedis() : null;
    await redis?.start();
    if (!redis) await migrateQueue(postgres.url);
    const proxy = await openProxy(postgres.url);
    const settings = { DATABASE_URL: proxy.url, ...(redis && { REDIS_URL: redis.url }) };
    const { request, ended, worker } = await startWorker(checkout, postgres.db, settings);

    const before = await request();
    await postgres.takeWrites(false);
    await sleep(8_000);
    await postgres.takeWrites(true);
    const writable = performance.now();
    for (const id of [before, await request()]) await ended(id);
    checkRecovery('a time without writes', performance.now() - writable);

    // The files are copied while the server is down; then it is started again.
    await postgres.kill();
    const next = await postgres.copy('primary');
    await postgres.start();
    await ended(await request());
    await postgres.takeWrites(false);
    proxy.leadTo(next);
    const there = connect(next, { name: 'test', max: 2 });
    onTestFinished(() => there.destroy());
    const switched = performance.now();
    const bot = await there
      .selectFrom('bots')
      .select('id')
      .where('name', '=', 'quick')
      .executeTakeFirstOrThrow();
    const { id } = await queueManualRun(there, bot.id);
    const statusOf = async () =>
      (
        await sql<{ status: string }>`SELECT status FROM bot_executions WHERE id = ${id}`.execute(
          there,
        )
      ).rows[0]!.status;
    await expect.poll(statusOf, poll).toBe('success');
    checkRecovery('a switchover', performance.now() - switched);
    expect(worker.lines().length, 'the failure is not logged after every try').toBeLessThan(120);
  },
  120_000,
);

test('a worker that is started on a standby says so and waits; doctor and round say so, too', async () => {
  const postgres = await ownPostgres();
  await migrateQueue(postgres.url);
  await postgres.kill();
  const standby = await postgres.copy('standby');
  await postgres.start();
  const proxy = await openProxy(standby);
  const settings = { DATABASE_URL: proxy.url };
  const worker = roundsman(checkout, settings, 'worker');
  const lines = () => worker.lines();
  await expect.poll(() => lines().length, poll).toBe(1);
  expect(lines()[0]).toMatchObject({
    msg: 'not ready, trying again: the database takes no writes now',
    why: 'this server is a standby (pg_is_in_recovery)',
  });
  const doctor = roundsman(checkout, settings, 'doctor');
  expect(await doctor.ended).toBe(1);
  expect(doctor.heard.out).toMatch(/fail +Database +.*takes no writes.*standby/);
  const status = roundsman(checkout, settings, 'status');
  await status.ended;
  expect(status.heard.err, 'status only reads, so it works').not.toContain('error');
  const round = roundsman(checkout, settings, 'round');
  expect(await round.ended).toBe(1);
  expect(round.heard.err).toMatch(/takes no writes[^]*DATABASE_URL name the primary/);
  expect(round.heard.err).not.toMatch(/^ +at /m);
  proxy.leadTo(postgres.url);
  await expect.poll(() => lines().map(({ msg }) => msg), poll).toContain('started');
}, 90_000);
