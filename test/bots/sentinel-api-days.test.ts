import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sentinelApi } from '../../bots/sentinel-api.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(async () => {
  for (const table of ['api_logs', 'engine.rollups', 'engine.rollup_marks'] as const)
    await db.deleteFrom(table).execute();
});

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = new Date('2026-03-04T14:30:00Z');
const thisHour = new Date('2026-03-04T14:00:00Z').getTime();
const check = (name: string, config = {}, asked: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(sentinelApi, name, db, config, { now, ...asked });
const keys = async (...args: Parameters<typeof check>) =>
  (await check(...args)).findings.map(({ key }) => key);

const everyDay = [1, 2, 3, 4, 5, 6, 7, 8];
/** The figures of both clock hours in which the last hour of each of these days lies. */
async function history(
  subject: string,
  days: number[],
  events: number,
  hours = [0, 1],
  { failures = 0, total_ms = 0 } = {},
) {
  const rows = days.flatMap((day) =>
    hours.map((before) => ({
      kind: 'endpoint' as const,
      subject,
      period: 'hour' as const,
      starts_at: new Date(thisHour - day * dayMs - before * hourMs),
      events,
      failures,
      total_ms,
    })),
  );
  await db.insertInto('engine.rollups').values(rows).execute();
}

async function answers(
  endpoint: string,
  count: number,
  {
    status = 200,
    at = new Date(now.getTime() - 600_000),
    address = '',
    ms = null as number | null,
  } = {},
) {
  const rows = Array.from({ length: count }, (_, i) => ({
    endpoint,
    method: 'GET',
    status_code: status,
    response_time_ms: ms,
    created_at: at,
    ip_address: address === '' ? `198.51.100.${(i % 200) + 1}` : address,
  }));
  await db.insertInto('api_logs').values(rows).execute();
}
/** The platform as it is on each day, beside the endpoint of a test. */
async function platform() {
  await history('/busy', everyDay, 1_000);
  await answers('/busy', 1_000);
}

describe('silent', () => {
  test('is skipped before a week, and where the figures are not added up any more', async () => {
    await expect(check('silent')).rejects.toThrow(SkippedCheck);
    await history('/busy', [1, 2, 3, 4, 5, 6], 100);
    await expect(check('silent')).rejects.toThrow('fewer than 7 days');
    await history('/busy', [7, 8], 100);
    await answers('/busy', 100);
    expect(await keys('silent')).toEqual([]);
    await db
      .insertInto('engine.rollup_marks')
      .values({ kind: 'endpoint', done_until: new Date(now.getTime() - dayMs) })
      .execute();
    await expect(check('silent')).rejects.toThrow('a day old');
  });

  test('is an endpoint without a request for an hour that has many on most days', async () => {
    await platform();
    await history('/orders', everyDay, 20);
    await history('/few', everyDay, 19);
    await answers('/orders?page=2', 1, { at: new Date(now.getTime() - hourMs) });
    expect(await check('silent')).toMatchObject({ findings: [], examined: { count: 2 } });
    await db.deleteFrom('api_logs').where('endpoint', '=', '/orders?page=2').execute();
    await answers('/orders', 1, { at: new Date(now.getTime() - hourMs - 1) });
    expect((await check('silent')).findings).toMatchObject([
      {
        severity: 'medium',
        key: '/orders',
        title: '/orders: no request for an hour, 20 are usual',
        metadata: { usual: 20, days: 7, moved_to: null },
      },
    ]);
    expect(await keys('silent', { min_usual: 19 })).toEqual(['/orders', '/few']);
    expect(await keys('silent', { min_usual: 21 })).toEqual([]);
    const cut = await check('silent', { min_usual: 19, max_findings: 1 });
    expect([cut.findings.length, cut.truncated]).toEqual([1, true]);
  });

  test('is no endpoint that has quiet days, that day of the week, or that hour', async () => {
    await platform();
    await history('/four-days', [1, 2, 3, 7], 50);
    await history('/not-last-week', [1, 2, 3, 4, 5, 6], 50);
    await history('/one-hour', everyDay, 50, [1]);
    await history('(other)', everyDay, 50);
    expect(await keys('silent')).toEqual([]);
    expect(await keys('silent', { min_days: 4 })).toEqual(['/four-days']);
  });

  test('is none while the whole platform is silent', async () => {
    await history('/busy', everyDay, 1_000);
    await history('/orders', everyDay, 20);
    await answers('/busy', 499);
    await expect(check('silent')).rejects.toThrow('the bot pulse watches that');
    await answers('/busy', 2);
    expect(await keys('silent')).toEqual(['/orders']);
  });

  test('that was most probably renamed is low, and over after a day', async () => {
    await platform();
    await history('/v1/orders', everyDay, 100);
    await answers('/v2/orders', 90);
    expect((await check('silent')).findings).toMatchObject([
      { severity: 'low', key: '/v1/orders', metadata: { moved_to: '/v2/orders' } },
    ]);
    // The next day: yesterday, the old path was silent too, and the new one is no longer new.
    const tomorrow = new Date(now.getTime() + dayMs);
    await db
      .updateTable('api_logs')
      .set({ created_at: new Date(tomorrow.getTime() - 1_000) })
      .execute();
    await db
      .insertInto('engine.rollups')
      .values(
        ['/busy', '/v2/orders'].flatMap((subject) =>
          [0, 1].map((before) => ({
            kind: 'endpoint' as const,
            subject,
            period: 'hour' as const,
            starts_at: new Date(thisHour - before * hourMs),
            events: subject === '/busy' ? 1_000 : 3,
            failures: 0,
          })),
        ),
      )
      .execute();
    expect(await keys('silent', {}, { now: tomorrow })).toEqual(['/v1/orders']);
    expect((await check('silent', {}, { now: tomorrow })).findings[0]!.severity).toBe('medium');
    await answers('/v3/orders', 90, { at: new Date(tomorrow.getTime() - 1_000) });
    expect(await keys('silent', {}, { now: tomorrow })).toEqual([]);
  });

  test('is none that never answered well: a scanner asked for it', async () => {
    await platform();
    await history('/wp-login.php', everyDay, 60);
    await answers('/wp-login.php', 5, { status: 404, at: new Date(now.getTime() - dayMs) });
    expect(await keys('silent')).toEqual([]);
    await answers('/wp-login.php', 1, { at: new Date(now.getTime() - 2 * dayMs) });
    expect(await keys('silent')).toEqual(['/wp-login.php']);
  });

  test('a long or odd path is data, shortened as component', async () => {
    await platform();
    const long = `/'; DROP TABLE api_logs; --${'x'.repeat(120)}`;
    await history(long, everyDay, 60);
    const [finding] = (await check('silent')).findings;
    expect(finding).toMatchObject({ key: long });
    expect(finding!.component).toHaveLength(100);
  });
});

describe('unauthorized', () => {
  test('needs enough answers 401, and more than a share of the requests', async () => {
    await answers('/a', 19, { status: 401 });
    expect(await check('unauthorized')).toMatchObject({ findings: [], tallies: [] });
    await answers('/a', 1, { status: 401 });
    expect((await check('unauthorized')).findings).toMatchObject([
      {
        severity: 'high',
        key: '/a',
        title: '/a: 20 of 20 requests answered 401',
        metadata: { answered_401: 20, usual_percent: 0 },
      },
    ]);
    await answers('/a', 80);
    expect(await keys('unauthorized')).toEqual([]);
    expect(await keys('unauthorized', { max_401_percent: 19 })).toEqual(['/a']);
    await answers('/b', 500, { status: 403 });
    expect(await keys('unauthorized')).toEqual([]);
  });

  test('is compared with the same time of past days', async () => {
    await history('/sign-in', everyDay, 100);
    for (const day of everyDay)
      await answers('/sign-in', 10, {
        status: 401,
        at: new Date(now.getTime() - 600_000 - day * dayMs),
      });
    await answers('/sign-in', 30, { status: 401 });
    await answers('/sign-in', 70);
    expect(await keys('unauthorized')).toEqual([]);
    await answers('/sign-in', 2, { status: 401 });
    expect((await check('unauthorized')).findings).toMatchObject([
      { description: 'On past days it was 10.0 % at this time.' },
    ]);
    expect(await keys('unauthorized', { rise_401_factor: 4 })).toEqual([]);
  });

  test('is low where most of them went to one address', async () => {
    await answers('/a', 80, { status: 401, address: '203.0.113.9' });
    await answers('/a', 20, { status: 401 });
    expect((await check('unauthorized')).findings).toMatchObject([
      { severity: 'low', metadata: { busiest_address_percent: 80 } },
    ]);
    await answers('/a', 2, { status: 401 });
    expect((await check('unauthorized')).findings).toMatchObject([{ severity: 'high' }]);
    await db.updateTable('api_logs').set({ ip_address: null }).execute();
    expect((await check('unauthorized')).findings).toMatchObject([
      { severity: 'high', metadata: { busiest_address_percent: null } },
    ]);
  });

  test('counts from a later start, and gives a tally for each key that is asked for', async () => {
    const at = new Date(now.getTime() - 600_000);
    await answers('/a', 30, { status: 401, at });
    const starts = [{ key: '/a', from: new Date(now.getTime() - 60_000) }];
    expect(await check('unauthorized', {}, { starts })).toMatchObject({
      findings: [],
      tallies: [{ key: '/a', bad: 0, of: 0, newestBadAt: null }],
    });
    expect(await check('unauthorized', {}, { only: ['/a', '/b'] })).toMatchObject({
      examined: ['/a', '/b'],
      findings: [{ key: '/a' }],
      tallies: expect.arrayContaining([{ key: '/a', bad: 30, of: 30, newestBadAt: at }]),
    });
  });
});

const everyWeek = [7, 14, 21];
const severities = async (...args: Parameters<typeof check>) =>
  (await check(...args)).findings.map(({ key, severity }) => [key, severity]);

describe('server-errors', () => {
  const fail = (path: string, failed: number, of: number) =>
    Promise.all([answers(path, failed, { status: 500 }), answers(path, of - failed)]);
  const weekly = (path: string, failures: number, events: number, weeks = everyWeek) =>
    history(path, weeks, events, [0, 1], { failures });

  test('an endpoint that fails as often in every week is no finding, and is counted', async () => {
    await weekly('/known', 40, 200);
    await fail('/known', 40, 200);
    const { findings, figures, tallies } = await check('server-errors');
    expect(findings).toEqual([]);
    expect(figures).toContainEqual({ name: 'endpoints as bad as in past weeks', value: 1 });
    expect(tallies).toEqual([]);
    // 20 % are usual: up to 40 % are the same problem.
    await answers('/known', 60, { status: 500 });
    expect(await keys('server-errors')).toEqual([]);
    await answers('/known', 10, { status: 500 });
    expect((await check('server-errors')).findings).toMatchObject([
      {
        key: '/known',
        severity: 'high',
        description: 'In past weeks it was 20.0 % at this time of this weekday.',
        metadata: { answered_5xx: 110, usual_percent: 20 },
      },
    ]);
    expect(await keys('server-errors', { worse_factor: 3 })).toEqual([]);
  });

  test('an endpoint of which most requests fail is a finding in every week', async () => {
    await weekly('/broken', 150, 200);
    await fail('/broken', 150, 200);
    expect(await severities('server-errors')).toEqual([['/broken', 'critical']]);
  });

  test('a share that is far above the usual one is medium below the limit, from ten answers on', async () => {
    await weekly('/rises', 2, 1_000);
    await fail('/rises', 9, 600);
    expect(await severities('server-errors')).toEqual([['/rises', 'low']]);
    await answers('/rises', 1, { status: 500 });
    expect(await severities('server-errors')).toEqual([['/rises', 'medium']]);
    expect(await severities('server-errors', { rise_5xx_points: 1.5 })).toEqual([
      ['/rises', 'low'],
    ]);
    expect(await severities('server-errors', { min_rise_5xx: 11 })).toEqual([['/rises', 'low']]);
    // Above the limit of its kind, too.
    expect(await severities('server-errors', { min_5xx: 1_000 })).toEqual([['/rises', 'medium']]);
  });

  test('chance alone is no rise: among few requests a share varies', async () => {
    await weekly('/few', 2, 20);
    // Two are usual: up to 2 + 3 * sqrt(2) = 6.2 are chance.
    await fail('/few', 6, 20);
    expect(await keys('server-errors')).toEqual([]);
    await answers('/few', 1, { status: 500 });
    expect(await severities('server-errors')).toEqual([['/few', 'high']]);
  });

  test('what is usual is the median of three weeks at least, each with enough requests', async () => {
    await weekly('/two-weeks', 40, 200, [7, 14]);
    await weekly('/small-weeks', 4, 19);
    await weekly('/one-bad-week', 0, 200, [7, 21]);
    await weekly('/one-bad-week', 100, 200, [14]);
    await weekly('/other-days', 40, 200, [1, 2, 3, 4, 5, 6, 8]);
    await history('/other-hours', everyWeek, 200, [2, -1], { failures: 40 });
    for (const path of ['/two-weeks', '/small-weeks', '/one-bad-week', '/other-days'])
      await fail(path, 40, 200);
    await fail('/other-hours', 40, 200);
    expect((await keys('server-errors')).toSorted()).toEqual([
      '/one-bad-week',
      '/other-days',
      '/other-hours',
      '/small-weeks',
      '/two-weeks',
    ]);
    await weekly('/two-weeks', 40, 200, [56]);
    expect(await keys('server-errors')).not.toContain('/two-weeks');
    expect(await keys('server-errors', { weeks: 7 })).toContain('/two-weeks');
    expect(await keys('server-errors', { min_weeks: 4 })).toContain('/two-weeks');
    // A window of more than a day has no time of day.
    expect(await keys('server-errors', { window_minutes: 1_441 })).toContain('/two-weeks');
  });

  test('the figures of all other endpoints together are no past of one', async () => {
    await weekly('(other)', 40, 200);
    await fail('(other)', 40, 200);
    expect(await keys('server-errors')).toEqual(['(other)']);
  });
});

describe('latency', () => {
  const slow = (path: string, count: number, ms: number, days = 0) =>
    answers(path, count, { ms, at: new Date(now.getTime() - 600_000 - days * dayMs) });
  const weekly = (path: string, mean: number, events = 100) =>
    history(path, everyWeek, events, [0, 1], { total_ms: mean * events });

  test('an endpoint that is as slow in every week is no finding, and is counted', async () => {
    for (const days of [0, ...everyWeek]) await slow('/report?of=march', 20, 3_000, days);
    await slow('/report', 1, 3_000);
    const { findings, figures } = await check('latency');
    expect(findings).toEqual([]);
    expect(figures).toContainEqual({ name: 'endpoints as bad as in past weeks', value: 1 });
    await slow('/report', 2, 6_000);
    expect(await keys('latency')).toEqual([]);
    await slow('/report', 2, 6_001);
    expect(await severities('latency')).toEqual([['/report', 'medium']]);
    expect(await keys('latency', { worse_factor: 3 })).toEqual([]);
  });

  test('two slow weeks, or weeks with few requests, are not usual', async () => {
    for (const days of [0, 7, 14]) await slow('/two-weeks', 20, 3_000, days);
    for (const days of everyWeek) await slow('/small-weeks', 19, 3_000, days);
    await slow('/small-weeks', 20, 3_000);
    // A slow mean in three weeks says nothing about 95 % of the requests.
    await weekly('/two-weeks', 3_000);
    expect((await keys('latency')).toSorted()).toEqual(['/small-weeks', '/two-weeks']);
  });

  test('an endpoint far slower than in past weeks is low below the limit', async () => {
    await weekly('/rises', 100);
    await slow('/rises', 20, 300);
    expect(await keys('latency')).toEqual([]);
    await slow('/rises', 21, 301);
    expect((await check('latency')).findings).toMatchObject([
      {
        key: '/rises',
        severity: 'low',
        title: '/rises: slow, 95 % of 41 requests took up to 301 ms',
        description:
          'Half of them took up to 301 ms. In past weeks requests took 100 ms on average at this time of this weekday.',
        metadata: { median_ms: 301, usual_mean_ms: 100 },
      },
    ]);
    // Its requests count as bad from the time on at which they are far slower than usual.
    expect((await check('latency')).tallies).toMatchObject([{ key: '/rises', bad: 21, of: 41 }]);
    expect(await keys('latency', { worse_factor: 3.5 })).toEqual([]);
    expect(await keys('latency', { min_rise_ms: 201 })).toEqual([]);
  });

  test('is no rise that one request makes, nor one where only few requests have a time', async () => {
    await weekly('/one', 100);
    await slow('/one', 19, 100);
    await slow('/one', 1, 60_000);
    await weekly('/untimed', 30);
    await slow('/untimed', 20, 400);
    await answers('/untimed', 180);
    expect(await keys('latency')).toEqual([]);
  });
});
