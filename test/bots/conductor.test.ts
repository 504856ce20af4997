import { randomUUID } from 'node:crypto';
import type { Insertable } from 'kysely';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import { conductor } from '../../bots/conductor.ts';
import type { BotExecutions, Bots } from '../../src/database/tables.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(() => sql`TRUNCATE bots CASCADE`.execute(db));

const now = new Date('2026-03-01T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const check = (name: string, config = {}, asked: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(conductor, name, db, config, { now, ...asked });

async function plantBot(name: string, row: Partial<Insertable<Bots>> = {}): Promise<string> {
  const bot = { name, display_name: name, schedule_cron: '@hourly', api_endpoint: `bot:${name}` };
  const { id } = await db
    .insertInto('bots')
    .values({ ...bot, ...row })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function plantRuns(
  bot_id: string,
  count: number,
  row: Partial<Insertable<BotExecutions>> & { status: Insertable<BotExecutions>['status'] },
): Promise<void> {
  const unfinished = row.status === 'queued' || row.status === 'running';
  const run = {
    bot_id,
    trigger: 'manual' as const,
    started_at: minutesAgo(30),
    queued_at: minutesAgo(30),
    completed_at: unfinished ? null : (row.started_at ?? minutesAgo(30)),
    checks_performed: 1,
    ...(row.status === 'running' && { fence: 1, lease_until: now, worker: 'w' }),
    ...row,
  };
  await db
    .insertInto('bot_executions')
    .values(Array.from({ length: count }, () => ({ id: randomUUID(), ...run })))
    .execute();
}

const components = async (...args: Parameters<typeof check>) =>
  (await check(...args)).findings.map(({ component }) => component);

test('reports active bots more than ten minutes past their time, the latest first', async () => {
  await plantBot('on-time', { next_execution_at: minutesAgo(10) });
  await plantBot('late', { next_execution_at: minutesAgo(10.5) });
  await plantBot('later', { next_execution_at: minutesAgo(90) });
  await plantBot('paused', { next_execution_at: minutesAgo(90), status: 'paused' });
  await plantBot('unplanned');
  const { findings, examined, truncated } = await check('overdue');
  expect(findings).toMatchObject([
    { component: 'later', title: 'Bot later is overdue by 90 minutes', severity: 'high' },
    { component: 'late', metadata: { next_execution_at: minutesAgo(10.5).toISOString() } },
  ]);
  expect({ examined, truncated }).toEqual({
    examined: { count: 5, except: [] },
    truncated: false,
  });
  expect(await components('overdue', { overdue_minutes: 9 })).toHaveLength(3);
});

test('says so when there are more than it reports, and keeps the worst', async () => {
  await plantBot('late', { next_execution_at: minutesAgo(20) });
  await plantBot('later', { next_execution_at: minutesAgo(30) });
  const { findings, truncated } = await check('overdue', { max_findings: 1 });
  expect([findings.map(({ component }) => component), truncated]).toEqual([['later'], true]);
});

test('reports runs past their timeout and the margin, one finding a bot', async () => {
  const slow = await plantBot('slow', { timeout_seconds: 60, concurrency: 3 });
  const long = await plantBot('long', { timeout_seconds: 120 });
  await plantRuns(slow, 2, { status: 'running', started_at: minutesAgo(2.5) });
  await plantRuns(long, 1, { status: 'running', started_at: minutesAgo(2.5) });
  const { findings } = await check('stuck');
  expect(findings).toMatchObject([{ component: 'slow', severity: 'high', metadata: { runs: 2 } }]);
  expect(findings[0]?.title).toBe('Bot slow has had 2 stuck runs, the oldest for 2 minutes');
  expect(findings[0]?.metadata?.executions).toHaveLength(2);
  expect(await components('stuck', { stuck_margin_seconds: 100 })).toEqual([]);
});

test('a run exactly at its timeout and the margin is not stuck yet', async () => {
  const bot = await plantBot('close', { timeout_seconds: 60 });
  await plantRuns(bot, 1, { status: 'running', started_at: minutesAgo(2) });
  expect(await components('stuck')).toEqual([]);
});

test('reports queued runs from the moment on from which they may run', async () => {
  const waiting = await plantBot('waiting');
  const later = await plantBot('later');
  const fresh = await plantBot('fresh');
  await plantRuns(waiting, 1, { status: 'queued', queued_at: minutesAgo(11) });
  await plantRuns(later, 1, { status: 'queued', run_after: minutesAgo(9) });
  await plantRuns(fresh, 1, { status: 'queued', queued_at: minutesAgo(10) });
  expect((await check('stuck')).findings).toMatchObject([
    { component: 'waiting', title: 'Bot waiting has had a stuck run for 11 minutes' },
  ]);
});

test('a queued run behind a running one of its own bot is not stuck', async () => {
  const bot = await plantBot('one-at-a-time', { timeout_seconds: 3600, concurrency: 1 });
  await plantRuns(bot, 1, { status: 'running' });
  await plantRuns(bot, 1, { status: 'queued' });
  expect(await components('stuck')).toEqual([]);
  await db.updateTable('bots').set({ concurrency: 2 }).execute();
  expect(await components('stuck')).toEqual(['one-at-a-time']);
});

test('does not report its own current run, but an older one of its own', async () => {
  const bot = await plantBot('conductor', { concurrency: 2 });
  await plantRuns(bot, 1, { status: 'running', started_at: minutesAgo(20) });
  expect(await components('stuck')).toEqual([]);
  await plantRuns(bot, 1, { status: 'running', started_at: minutesAgo(0) });
  expect(await components('stuck')).toEqual(['conductor']);
});

test('a success rate needs more than ten runs', async () => {
  const bot = await plantBot('flaky');
  await plantRuns(bot, 7, { status: 'success' });
  await plantRuns(bot, 2, { status: 'failed' });
  await plantRuns(bot, 1, { status: 'timeout' });
  expect(await components('success-rate')).toEqual([]);
  await plantRuns(bot, 1, { status: 'failed' });
  expect((await check('success-rate')).findings).toMatchObject([
    {
      severity: 'high',
      title: 'Bot flaky succeeded in only 7 of 11 runs',
      metadata: { runs: 11, successes: 7, window_hours: 24 },
    },
  ]);
});

test('a success rate of exactly 80 percent is enough, whatever the status of the bot', async () => {
  const bot = await plantBot('broken', { status: 'error' });
  await plantRuns(bot, 12, { status: 'success' });
  await plantRuns(bot, 3, { status: 'failed' });
  expect(await components('success-rate')).toEqual([]);
  await plantRuns(bot, 1, { status: 'failed' });
  expect(await components('success-rate')).toEqual(['broken']);
});

test('a success rate leaves out what says nothing about the bot', async () => {
  const bot = await plantBot('fine');
  await plantRuns(bot, 11, { status: 'success' });
  await plantRuns(bot, 20, { status: 'cancelled' });
  await plantRuns(bot, 20, { status: 'skipped' });
  await plantRuns(bot, 20, { status: 'failed', trigger: 'verify' });
  await plantRuns(bot, 20, { status: 'failed', started_at: minutesAgo(25 * 60) });
  expect(await components('success-rate')).toEqual([]);
  expect(await components('success-rate', { window_hours: 26 })).toEqual(['fine']);
});

test('only runs that began after the start of their bot count for it', async () => {
  for (const name of ['cured', 'failing'])
    await plantRuns(await plantBot(name), 11, { status: 'failed', checks_performed: 0 });
  expect(await components('success-rate')).toEqual(['cured', 'failing']);
  expect(await components('no-checks')).toEqual(['cured', 'failing']);
  const starts = [{ key: 'cured', from: minutesAgo(29) }];
  expect(await components('success-rate', {}, { starts })).toEqual(['failing']);
  expect(await components('no-checks', {}, { starts })).toEqual(['failing']);
});

test('a success rate counts failed runs of all, and no-checks the newest runs in a row that are alike', async () => {
  const bot = await plantBot('turning');
  await plantRuns(bot, 15, { status: 'success', checks_performed: 2, started_at: minutesAgo(90) });
  await plantRuns(bot, 4, { status: 'failed', checks_performed: 0, started_at: minutesAgo(40) });
  const tallies = async (name: string, from: Date) =>
    (await check(name, {}, { starts: [{ key: 'turning', from }] })).tallies;
  const newestBadAt = minutesAgo(40);
  expect(await tallies('success-rate', minutesAgo(120))).toEqual([
    { key: 'turning', bad: 4, of: 19, newestBadAt },
  ]);
  expect(await tallies('no-checks', minutesAgo(120))).toEqual([
    { key: 'turning', bad: 4, of: 4, newestBadAt },
  ]);
  await plantRuns(bot, 2, { status: 'success', checks_performed: 2, started_at: minutesAgo(10) });
  expect(await tallies('no-checks', minutesAgo(120))).toEqual([
    { key: 'turning', bad: 0, of: 2, newestBadAt: null },
  ]);
  expect(await tallies('no-checks', minutesAgo(5))).toEqual([
    { key: 'turning', bad: 0, of: 0, newestBadAt: null },
  ]);
});

test('reports a bot whose newest finished run performed no checks', async () => {
  const idle = await plantBot('idle', { status: 'paused' });
  await plantRuns(idle, 1, { status: 'success', started_at: minutesAgo(60) });
  await plantRuns(idle, 1, { status: 'failed', checks_performed: 0 });
  await plantRuns(idle, 1, { status: 'skipped', started_at: minutesAgo(5) });
  await plantRuns(idle, 1, { status: 'cancelled', started_at: minutesAgo(4) });
  const busy = await plantBot('busy');
  await plantRuns(busy, 1, { status: 'failed', started_at: minutesAgo(60), checks_performed: 0 });
  await plantRuns(busy, 1, { status: 'success' });
  await plantBot('new');
  const { findings, examined } = await check('no-checks');
  expect(findings).toMatchObject([
    { component: 'idle', severity: 'medium', metadata: { status: 'failed' } },
  ]);
  expect(findings[0]?.title).toBe('Bot idle performed no checks in its newest run');
  expect(examined).toEqual({ count: 3, except: [] });
});

test('reports bots in error, and those paused for longer than a week', async () => {
  const week = 7 * 24 * 60;
  await plantBot('bad-cron', {
    status: 'error',
    status_reason: 'six fields',
    status_changed_at: minutesAgo(1),
  });
  await plantBot('forgotten', { status: 'paused', status_changed_at: minutesAgo(week + 1) });
  await plantBot('resting', { status: 'paused', status_changed_at: minutesAgo(week) });
  await plantBot('off', { status: 'disabled', status_changed_at: minutesAgo(2 * week) });
  await plantBot('fine');
  expect((await check('out-of-service')).findings).toMatchObject([
    {
      severity: 'high',
      title: 'Bot bad-cron is out of service: its definition cannot run',
      description: 'six fields',
      metadata: { status: 'error', status_reason: 'six fields' },
    },
    {
      severity: 'low',
      title: 'Bot forgotten is out of service: paused for more than 7 days',
    },
  ]);
});

test('says nothing about a bot that was removed', async () => {
  const removed = { status: 'disabled' as const, removed_at: minutesAgo(1) };
  const gone = await plantBot('gone', removed);
  await plantRuns(gone, 12, { status: 'failed', checks_performed: 0 });
  await plantRuns(gone, 1, { status: 'running', started_at: minutesAgo(60) });
  const there = await plantBot('there');
  await plantRuns(there, 12, { status: 'failed', checks_performed: 0 });
  await plantRuns(there, 1, { status: 'running', started_at: minutesAgo(60) });
  for (const name of ['success-rate', 'no-checks', 'stuck'])
    expect(await components(name)).toEqual(['there']);
});

test('does not take its own run for a stuck one, whatever it is called', async () => {
  const own = await plantBot('maestro', { api_endpoint: '/api/bots/conductor' });
  await plantRuns(own, 1, { status: 'running', started_at: minutesAgo(60) });
  expect(await components('stuck')).toEqual([]);
});
