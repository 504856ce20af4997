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
async function history(subject: string, days: number[], events: number, hours = [0, 1]) {
  const rows = days.flatMap((day) =>
    hours.map((before) => ({
      kind: 'endpoint' as const,
      subject,
      period: 'hour' as const,
      starts_at: new Date(thisHour - day * dayMs - before * hourMs),
      events,
      failures: 0,
    })),
  );
  await db.insertInto('engine.rollups').values(rows).execute();
}

async function answers(
  endpoint: string,
  count: number,
  { status = 200, at = new Date(now.getTime() - 600_000), address = '' } = {},
) {
  const rows = Array.from({ length: count }, (_, i) => ({
    endpoint,
    method: 'GET',
    status_code: status,
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
