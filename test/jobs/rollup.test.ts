/** The job that adds up hours and days. All times are long ago, so that the clock of the test does not matter. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { rollup } from '../../jobs/rollup.ts';
import { dayOf, rollUpDay, writeBotMetrics } from '../../src/data/rollups/days.ts';
import { hoursToRollUp, rollUpHour } from '../../src/data/rollups/hours.ts';
import { removeOldRollups } from '../../src/data/rollups/old-rollups.ts';
import type { RollupKind } from '../../src/data/rollups/sources.ts';
import type { Db } from '../../src/database/connect.ts';
import { plantPlatform } from '../../src/demo/plant.ts';
import { backends, type Backend } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { startFlow } from '../support/engine.ts';
import { aRun, carried, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];

const rollups = (db: Db, kind: RollupKind, period: 'hour' | 'day') =>
  db
    .selectFrom('engine.rollups')
    .select(['subject', 'starts_at', 'events', 'failures', 'total_ms', 'cost'])
    .where('kind', '=', kind)
    .where('period', '=', period)
    .orderBy('starts_at')
    .orderBy('subject')
    .execute();

const hour = (at: string) => {
  const from = new Date(at);
  return { from, to: new Date(+from + 3_600_000) };
};
const addHour = (db: Db, kind: 'bot' | 'endpoint', at: string) =>
  db.transaction().execute((trx) => rollUpHour(trx, kind, hour(at)));

const request = (
  endpoint: string,
  at: string,
  status_code = 200,
  response_time_ms: number | null = 10,
) => ({
  endpoint,
  method: 'GET',
  status_code,
  response_time_ms,
  created_at: new Date(at),
});

test('requests of an hour are added up by path, also a second time, when more of them have come', async () => {
  const { db } = await testDatabase();
  await db
    .insertInto('api_logs')
    .values([
      request('/a?q=1', '2026-03-01T10:00:00Z'),
      request('/a?q=2', '2026-03-01T10:59:59.999Z', 503, null),
      request('', '2026-03-01T10:30:00Z', 404),
      request('/a', '2026-03-01T11:00:00Z'),
      request('/a', '2026-03-01T09:59:59.999Z'),
    ])
    .execute();
  expect(await addHour(db, 'endpoint', '2026-03-01T10:00:00Z')).toBe(2);
  const other = { events: '1', failures: '0', total_ms: '10' };
  const expected = [
    { subject: '(no path)', ...other },
    { subject: '/a', events: '2', failures: '1', total_ms: '10' },
  ];
  expect(await rollups(db, 'endpoint', 'hour')).toMatchObject(expected);
  await db.insertInto('api_logs').values(request('/late', '2026-03-01T10:15:00Z')).execute();
  await addHour(db, 'endpoint', '2026-03-01T10:00:00Z');
  expect(await rollups(db, 'endpoint', 'hour')).toMatchObject([
    ...expected,
    { subject: '/late', ...other },
  ]);
});

test('the paths beyond the busiest are added up as one', async () => {
  const { db } = await testDatabase();
  await sql`
    INSERT INTO api_logs (endpoint, method, status_code, created_at)
    SELECT '/scan/' || n, 'GET', 500, timestamptz '2026-03-01T10:00:00Z' FROM generate_series(1, 1500) n
    UNION ALL SELECT '/busy', 'GET', 200, '2026-03-01T10:00:00Z' FROM generate_series(1, 5)`.execute(
    db,
  );
  expect(await addHour(db, 'endpoint', '2026-03-01T10:00:00Z')).toBe(1_001);
  const rows = await rollups(db, 'endpoint', 'hour');
  const byName = new Map(rows.map((row) => [row.subject, row]));
  expect(byName.get('(other)')).toMatchObject({ events: '501', failures: '501' });
  expect(byName.get('/busy')).toMatchObject({ events: '5', failures: '0' });
});

test('a day is the sum of its hours, and has its own runs in bot_metrics with a score', async () => {
  const { db } = await testDatabase();
  const { id: bot_id } = await db
    .insertInto('bots')
    .values({
      name: 'watch',
      display_name: 'w',
      schedule_cron: '* * * * *',
      api_endpoint: 'bot:watch',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const ended = (status: string, at: string, rest: object = {}) => ({
    bot_id,
    status,
    started_at: new Date(at),
    completed_at: new Date(at),
    execution_time_ms: status === 'skipped' ? null : 100,
    trigger: 'manual',
    ...rest,
  });
  await sql`
    INSERT INTO bot_executions (bot_id, status, started_at, completed_at, execution_time_ms, trigger, reason, metadata, scheduled_for)
    SELECT bot_id, status, started_at, completed_at, execution_time_ms, trigger, reason, metadata, scheduled_for
    FROM jsonb_populate_recordset(NULL::bot_executions, ${JSON.stringify([
      ended('success', '2026-03-01T00:00:00Z'),
      ended('success', '2026-03-01T10:10:00Z'),
      ended('success', '2026-03-01T23:59:59Z'),
      ended('failed', '2026-03-01T10:20:00Z'),
      ended('timeout', '2026-03-01T10:30:00Z'),
      ended('success', '2026-03-01T10:30:00Z', { trigger: 'verify' }),
      ended('skipped', '2026-03-01T11:00:00Z', {
        trigger: 'schedule',
        scheduled_for: '2026-03-01T11:00:00Z',
        reason: 'missed',
        metadata: { count: 5 },
      }),
      ended('skipped', '2026-03-01T12:00:00Z', {
        trigger: 'schedule',
        scheduled_for: '2026-03-01T12:00:00Z',
        reason: 'maintenance',
      }),
      ended('success', '2026-03-02T00:00:00Z'),
    ])}::jsonb)`.execute(db);
  for (const at of ['00', '10', '23']) await addHour(db, 'bot', `2026-03-01T${at}:00:00Z`);
  const day = dayOf(hour('2026-03-01T10:00:00Z'));
  await db.transaction().execute(async (trx) => {
    await rollUpDay(trx, 'bot', day);
    await writeBotMetrics(trx, day);
    await writeBotMetrics(trx, day);
  });
  expect(await rollups(db, 'bot', 'day')).toMatchObject([
    { subject: bot_id, starts_at: day.from, events: '5', failures: '2', total_ms: '500' },
  ]);
  expect(await db.selectFrom('bot_metrics').selectAll().execute()).toMatchObject([
    {
      bot_id,
      runs: 5,
      successful_runs: 3,
      failed_runs: 2,
      execution_time_ms: '500',
      health_score: 30,
    },
  ]);
});

test('the first run goes five weeks back, the next one adds up the last hours again', async () => {
  const { db, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [rollup],
    roles: ['scheduler'],
  });
  await sql`
    INSERT INTO api_logs (endpoint, method, status_code, created_at)
    SELECT '/a', 'GET', 200, engine.now() - make_interval(days => n) FROM unnest(ARRAY[1, 30, 50]) n`.execute(
    db,
  );
  const first = await carried(jobEngine, await aRun(db, rollup));
  expect(first).toMatchObject({ status: 'success', figures: { hours: 35 * 24 + 6, rows: 2 } });
  expect(await rollups(db, 'endpoint', 'hour')).toHaveLength(2);
  expect(await rollups(db, 'endpoint', 'day')).toHaveLength(2);
  const second = await carried(jobEngine, await aRun(db, rollup));
  // An hour may begin between the two runs, and a day with it.
  expect([14, 21, 3 + 6 * 49]).toContain((second.figures as { hours: number }).hours);
});

test('rows that come up to a day late are added up on the next day, in hours and days', async () => {
  const { db, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [rollup],
    roles: ['scheduler'],
  });
  const insert = (path: string) =>
    sql`
    INSERT INTO api_logs (endpoint, method, status_code, created_at)
    SELECT ${path}, 'GET', 200, date_trunc('day', engine.now(), 'UTC') - interval '20 hours'`.execute(
      db,
    );
  const markAt = (time: ReturnType<typeof sql>) =>
    sql`UPDATE engine.rollup_marks SET done_until = ${time}`.execute(db);
  await insert('/in-time');
  await carried(jobEngine, await aRun(db, rollup));
  await insert('/late');
  await markAt(sql`date_trunc('hour', engine.now(), 'UTC')`);
  await carried(jobEngine, await aRun(db, rollup));
  expect(await rollups(db, 'endpoint', 'hour')).toMatchObject([{ subject: '/in-time' }]);
  // The last run was the last one of yesterday.
  await markAt(sql`date_trunc('day', engine.now(), 'UTC') - interval '1 hour'`);
  await carried(jobEngine, await aRun(db, rollup));
  for (const period of ['hour', 'day'] as const)
    expect(await rollups(db, 'endpoint', period)).toMatchObject([
      { subject: '/in-time', events: '1' },
      { subject: '/late', events: '1' },
    ]);
});

test('hours of the past whose rows were imported since are added up, and figures whose rows are gone stay', async () => {
  const { db, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [rollup],
    roles: ['scheduler'],
  });
  await carried(jobEngine, await aRun(db, rollup));
  await sql`
    INSERT INTO api_logs (endpoint, method, status_code, created_at)
    SELECT '/imported', 'GET', 200, date_trunc('day', engine.now(), 'UTC') - make_interval(days => days, hours => 4)
    FROM unnest(ARRAY[10, 10, 20, 40]) days`.execute(db);
  await sql`
    INSERT INTO engine.rollups (kind, subject, period, starts_at, events, failures)
    SELECT 'endpoint', '/gone', period, date_trunc('day', engine.now(), 'UTC') - interval '15 days', 7, 0
    FROM unnest('{hour,day}'::text[]) period`.execute(db);
  await sql`UPDATE engine.rollup_marks SET done_until = date_trunc('day', engine.now(), 'UTC') - interval '1 hour'`.execute(
    db,
  );
  await carried(jobEngine, await aRun(db, rollup));
  for (const period of ['hour', 'day'] as const)
    expect(await rollups(db, 'endpoint', period)).toMatchObject([
      { subject: '/imported', events: '1' },
      { subject: '/gone', events: '7' },
      { subject: '/imported', events: '2' },
    ]);
  const { rows } = await sql`
    SELECT FROM engine.rollup_marks WHERE done_until < engine.now() - interval '61 minutes'`.execute(
    db,
  );
  expect(rows).toEqual([]);
});

test('runs of bots do not come late, and their days are not written anew', async () => {
  const { db } = await testDatabase();
  await sql`
    INSERT INTO engine.rollup_marks
    SELECT kind, date_trunc('day', engine.now(), 'UTC') - interval '1 hour' FROM unnest('{bot,app}'::text[]) kind`.execute(
    db,
  );
  const { rows } = await sql<{ hours: number }>`
    SELECT extract(hour FROM engine.now() AT TIME ZONE 'UTC')::int AS hours`.execute(db);
  const today = rows[0]!.hours;
  expect(await hoursToRollUp(db, 'bot')).toHaveLength(today + 3);
  expect(await hoursToRollUp(db, 'app')).toHaveLength(today + 49);
});

test('after the clock was set back, hours are added up to the present one', async () => {
  const { db } = await testDatabase();
  await sql`INSERT INTO engine.rollup_marks VALUES ('endpoint', engine.now() + interval '9 days')`.execute(
    db,
  );
  expect(await hoursToRollUp(db, 'endpoint')).toHaveLength(2);
});

test('where there is nothing, only the last hour is looked at', async () => {
  const { db } = await testDatabase();
  for (const kind of ['bot', 'endpoint', 'app', 'provider'] as const)
    expect(await hoursToRollUp(db, kind), kind).toHaveLength(1);
});

test('the fictional platform is added up without a difference to its rows', async () => {
  const { db, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [rollup],
    roles: ['scheduler'],
  });
  await plantPlatform(db);
  await carried(jobEngine, await aRun(db, rollup));
  const { rows } = await sql<{ counted: string; there: string }>`
    SELECT (SELECT sum(events) FROM engine.rollups WHERE kind = 'endpoint' AND period = 'hour') AS counted,
      (SELECT count(*) FROM api_logs WHERE created_at < date_trunc('hour', engine.now(), 'UTC')
         AND created_at >= date_trunc('hour', engine.now(), 'UTC') - interval '35 days') AS there`.execute(
    db,
  );
  expect(rows[0]!.counted).toBe(rows[0]!.there);
  // In the last minute of an hour nearly all of them are of this hour.
  expect(Number(rows[0]!.there)).toBeGreaterThan(10);
});

test('old hours and days go', async () => {
  const { db } = await testDatabase();
  await sql`
    INSERT INTO engine.rollups (kind, subject, period, starts_at, events, failures)
    SELECT 'endpoint', '/a', period, engine.now() - make_interval(days => days), 1, 0
    FROM unnest(ARRAY['hour', 'day']) period, unnest(ARRAY[1, 89, 91, 399, 401]) days`.execute(db);
  expect(await removeOldRollups(db, 3)).toBe(3);
  expect(await removeOldRollups(db, 3)).toBe(1);
  expect(await rollups(db, 'endpoint', 'hour')).toHaveLength(2);
  expect(await rollups(db, 'endpoint', 'day')).toHaveLength(4);
});
