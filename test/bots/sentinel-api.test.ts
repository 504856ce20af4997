import { RE2JS } from 're2js';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { sentinelApi } from '../../bots/sentinel-api.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(() => db.deleteFrom('api_logs').execute());

const now = new Date('2026-03-01T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const check = (name: string, config = {}, asked: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(sentinelApi, name, db, config, { now, ...asked });
const titles = async (...args: Parameters<typeof check>) =>
  (await check(...args)).findings.map(({ title }) => title);

/** `count` answers of one kind. */
async function plant(
  endpoint: string,
  status_code: number,
  count: number,
  { at = minutesAgo(5), ms = null }: { at?: Date; ms?: number | null } = {},
): Promise<void> {
  const row = { endpoint, method: 'GET', status_code, response_time_ms: ms, created_at: at };
  await db
    .insertInto('api_logs')
    .values(Array.from({ length: count }, () => ({ ...row })))
    .execute();
}

test('a share of 5xx above five percent is high, above fifty critical', async () => {
  await plant('/bad', 200, 10);
  await plant('/bad', 503, 10);
  await plant('/worse', 200, 9);
  await plant('/worse', 500, 11);
  await plant('/fine', 404, 20);
  const { findings, examined, truncated } = await check('server-errors');
  expect(findings).toMatchObject([
    {
      severity: 'critical',
      component: '/worse',
      title: '/worse: 11 of 20 requests answered 5xx',
      metadata: { path: '/worse', requests: 20, answered_5xx: 11, window_minutes: 60 },
    },
    { severity: 'high', component: '/bad', key: '/bad' },
  ]);
  expect({ examined, truncated }).toEqual({ examined: { count: 3, except: [] }, truncated: false });
});

test('errors below the share or among few requests are reported below high', async () => {
  await plant('/rare', 500, 3);
  await plant('/rare', 200, 57);
  await plant('/quiet', 500, 2);
  await plant('/stray', 500, 2);
  await plant('/stray', 200, 38);
  await plant('/once', 500, 1);
  const { findings } = await check('server-errors');
  expect(findings.map(({ component, severity }) => [component, severity])).toEqual([
    ['/quiet', 'medium'],
    ['/rare', 'low'],
  ]);
  expect(await titles('server-errors', { min_5xx: 4 })).toEqual([
    '/quiet: 2 of 2 requests answered 5xx',
  ]);
  expect(await titles('server-errors', { min_5xx: 1 })).toHaveLength(4);
  await plant('/rare', 500, 1);
  expect((await check('server-errors')).findings[0]).toMatchObject({
    component: '/rare',
    severity: 'high',
  });
});

test('an endpoint is its path, whatever the query string', async () => {
  await plant('/search?q=a', 500, 1);
  await plant('/search?q=b', 500, 1);
  expect(await titles('server-errors')).toEqual(['/search: 2 of 2 requests answered 5xx']);
});

test('a long path is shortened as component and whole as key', async () => {
  const long = `/${'x'.repeat(200)}`;
  await plant(`${long}a`, 500, 1);
  await plant(`${long}b`, 500, 1);
  const { findings } = await check('server-errors', { min_5xx: 1 });
  expect(findings.map(({ key }) => key)).toEqual([`${long}a`, `${long}b`]);
  expect(findings.map(({ component }) => component.length)).toEqual([100, 100]);
  expect(findings[0]!.title.length).toBeLessThanOrEqual(200);
});

test('the window ends at the time of the check and begins an hour before, or at the start of its key', async () => {
  await plant('/a', 500, 1, { at: minutesAgo(61) });
  await plant('/a', 500, 1, { at: minutesAgo(-1) });
  expect(await check('server-errors', { min_5xx: 1 })).toMatchObject({
    examined: { count: 0 },
    findings: [],
  });
  await plant('/a', 500, 1, { at: minutesAgo(60) });
  await plant('/a', 500, 1, { at: now });
  expect(await titles('server-errors', { min_5xx: 1 })).toEqual([
    '/a: 2 of 2 requests answered 5xx',
  ]);
  await plant('/b', 500, 1, { at: minutesAgo(45) });
  const starts = [{ key: '/a', from: minutesAgo(30) }];
  expect(await titles('server-errors', { min_5xx: 1 }, { starts })).toEqual([
    '/a: 1 of 1 requests answered 5xx',
    '/b: 1 of 1 requests answered 5xx',
  ]);
});

test('reports the worst and says so when there are more', async () => {
  await plant('/one', 500, 1);
  await plant('/one', 200, 1);
  await plant('/two', 500, 2);
  const cut = await check('server-errors', { min_5xx: 1, max_findings: 1 });
  expect([cut.findings.map(({ component }) => component), cut.truncated]).toEqual([['/two'], true]);
  expect((await check('server-errors', { min_5xx: 1, max_findings: 2 })).truncated).toBe(false);
});

test('a storm of 404s needs ten of them and more than half of the requests', async () => {
  await plant('/gone', 404, 9);
  expect(await titles('missing-paths')).toEqual([]);
  await plant('/gone', 404, 1);
  await plant('/there', 404, 30);
  await plant('/there', 200, 30);
  expect((await check('missing-paths')).findings).toMatchObject([
    { severity: 'medium', title: '/gone: 10 of 10 requests answered 404' },
  ]);
  await plant('/there', 404, 1);
  expect(await titles('missing-paths')).toEqual([
    '/there: 31 of 61 requests answered 404',
    '/gone: 10 of 10 requests answered 404',
  ]);
});

test('404s of one client are a scanner, and of several a broken link', async () => {
  const ask = (path: string, ...addresses: (string | null)[]) =>
    db
      .insertInto('api_logs')
      .values(
        addresses.map((ip_address) => ({
          endpoint: path,
          method: 'GET',
          status_code: 404,
          ip_address,
          created_at: minutesAgo(5),
        })),
      )
      .execute();
  const times = (address: string) => Array<string>(20).fill(address);
  await ask('/wp-login.php', ...times('203.0.113.1'));
  await ask('/old-price-list', ...times('203.0.113.1'), '203.0.113.2');
  // Where a request has no address, it is not known how many clients there were.
  await ask('/unknown', ...times('203.0.113.1'), null);
  expect((await titles('missing-paths')).toSorted()).toEqual([
    '/old-price-list: 21 of 21 requests answered 404',
    '/unknown: 21 of 21 requests answered 404',
  ]);
  expect(await titles('missing-paths', { min_404_clients: 1 })).toHaveLength(3);
});

test('an endpoint is slow when its p95 is above a second', async () => {
  await plant('/slow', 200, 19, { ms: 20 });
  await plant('/slow', 200, 1, { ms: 9000 });
  await plant('/limit', 200, 20, { ms: 1000 });
  await plant('/few', 200, 19, { ms: 5000 });
  await plant('/few', 200, 5);
  expect(await titles('latency')).toEqual([]);
  await plant('/slow', 200, 1, { ms: 1001 });
  expect((await check('latency')).findings).toMatchObject([
    {
      severity: 'medium',
      title: '/slow: slow, 95 % of 21 requests took up to 1001 ms',
      metadata: { requests: 21, p95_ms: 1001 },
    },
  ]);
});

test('latency is skipped where no request has a time, and clean where there is none', async () => {
  expect(await check('latency')).toMatchObject({ findings: [], truncated: false });
  await plant('/untimed', 200, 30);
  await plant('/timed-long-ago', 200, 30, { ms: 5, at: minutesAgo(90) });
  await expect(check('latency')).rejects.toThrow(SkippedCheck);
  await plant('/timed', 200, 1, { ms: 5 });
  expect((await check('latency')).examined).toEqual({ count: 2, except: [] });
});

test('reports endpoints that turn away ten callers and more than ten percent', async () => {
  await plant('/busy', 429, 10);
  await plant('/busy', 200, 90);
  await plant('/small', 429, 9);
  expect(await titles('rate-limited')).toEqual([]);
  await plant('/busy', 429, 1);
  await plant('/small', 429, 1);
  expect((await check('rate-limited')).findings).toMatchObject([
    { severity: 'medium', title: '/small: 10 of 10 requests answered 429' },
    { title: '/busy: 11 of 101 requests answered 429', metadata: { answered_429: 11 } },
  ]);
});

test('a path with quotes is data, not SQL', async () => {
  const path = `/'; DROP TABLE api_logs; --`;
  await plant(path, 500, 1);
  expect((await check('server-errors', { min_5xx: 1 })).findings).toMatchObject([{ key: path }]);
});

test('every reported key has its tally, and so has each that was asked for, with or without an event', async () => {
  await plant('/a', 500, 3, { at: minutesAgo(50) });
  await plant('/a', 200, 7, { at: minutesAgo(40) });
  await plant('/a', 500, 2, { at: minutesAgo(20) });
  await plant('/a', 200, 4, { at: minutesAgo(10) });
  await plant('/fine', 200, 5);
  const all = await check('server-errors');
  expect(all.tallies).toEqual([{ key: '/a', bad: 5, of: 16, newestBadAt: minutesAgo(20) }]);
  const starts = [
    { key: '/a', from: minutesAgo(30) },
    { key: '/gone', from: minutesAgo(5) },
    { key: '/fine', from: minutesAgo(1) },
  ];
  const { tallies, findings } = await check('server-errors', {}, { starts });
  expect(findings.map(({ key }) => key)).toEqual(['/a']);
  expect(tallies!.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
    { key: '/a', bad: 2, of: 6, newestBadAt: minutesAgo(20) },
    { key: '/fine', bad: 0, of: 0, newestBadAt: null },
    { key: '/gone', bad: 0, of: 0, newestBadAt: null },
  ]);
  const only = await check('server-errors', {}, { only: ['/fine', '/never'] });
  expect(only).toMatchObject({ findings: [], examined: ['/fine', '/never'] });
  expect(only.tallies).toHaveLength(2);
});

test('a start in the future counts nothing yet', async () => {
  await plant('/a', 500, 3);
  const starts = [{ key: '/a', from: minutesAgo(-10) }];
  expect(await check('server-errors', {}, { starts })).toMatchObject({
    findings: [],
    tallies: [{ key: '/a', bad: 0, of: 0 }],
  });
});

test('what is bad is what each check counts', async () => {
  await plant('/x', 404, 12, { ms: 10 });
  await plant('/x', 429, 12, { ms: 3_000 });
  await plant('/x', 200, 2);
  const bad = async (name: string) =>
    (await check(name, { max_404_percent: 10 })).tallies!.map((tally) => [tally.bad, tally.of]);
  expect(await bad('missing-paths')).toEqual([[12, 26]]);
  expect(await bad('rate-limited')).toEqual([[12, 26]]);
  expect(await bad('latency')).toEqual([[12, 24]]);
});

test('each kind of finding has advice, and its checks give figures', async () => {
  await plant('/x', 500, 20);
  await plant('/y', 404, 20);
  await plant('/z', 429, 20, { ms: 3_000 });
  const known: Record<string, string[]> = {};
  for (const name of ['server-errors', 'missing-paths', 'rate-limited', 'latency']) {
    const { findings, figures } = await check(name);
    const [title] = findings.map((finding) => finding.title);
    known[name] = (sentinelApi.knowledge ?? [])
      .filter(({ pattern }) =>
        RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE).matcher(title!).find(),
      )
      .map((seed) => seed.name);
    expect(figures!.length).toBeGreaterThanOrEqual(3);
  }
  expect(known).toEqual({
    'server-errors': ['api.server-errors'],
    'missing-paths': ['api.missing-path'],
    'rate-limited': ['api.rate-limited'],
    latency: ['api.slow'],
  });
});
