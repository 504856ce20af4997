import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pulse } from '../../bots/pulse.ts';
import { listWeeks } from '../../bots/pulse/baseline.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(async () => {
  for (const table of [
    'api_logs',
    'user_sessions',
    'engine.rollups',
    'engine.rollup_marks',
  ] as const)
    await db.deleteFrom(table).execute();
});

const hourMs = 3_600_000;
const weekMs = 168 * hourMs;
// A Wednesday, half past an hour.
const now = new Date('2026-03-04T14:30:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const check = (name: string, config = {}, asked: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(pulse, name, db, { lag_minutes: 0, ...config }, { now, ...asked });
const titles = async (...args: Parameters<typeof check>) =>
  (await check(...args)).findings.map(({ title }) => title);

/** The figures of hours, `hours` before this one, in past weeks: one number for each, the nearest week first. */
async function history(perHour: number[], { failures = 0, hours = [0], now: at = now } = {}) {
  const thisHour = Math.floor(at.getTime() / hourMs) * hourMs;
  const rows = perHour.flatMap((events, i) =>
    hours.map((before) => ({
      kind: 'endpoint' as const,
      subject: `/${events}`,
      period: 'hour' as const,
      starts_at: new Date(thisHour - (i + 1) * weekMs - before * hourMs),
      events,
      failures,
    })),
  );
  await db.insertInto('engine.rollups').values(rows).execute();
}

async function requests(count: number, status_code = 200, at = minutesAgo(5)) {
  if (count === 0) return;
  const row = { endpoint: '/a', method: 'GET', status_code, created_at: at };
  await db
    .insertInto('api_logs')
    .values(Array.from({ length: count }, () => row))
    .execute();
}

describe('requests', () => {
  test('are not judged without three weeks of figures, or with old ones', async () => {
    await expect(check('requests')).rejects.toThrow(SkippedCheck);
    await history([600, 600]);
    await expect(check('requests')).rejects.toThrow('there are figures of 2 past weeks');
    await history([0, 0, 600]);
    expect(await titles('requests')).toHaveLength(1);
    await db
      .insertInto('engine.rollup_marks')
      .values({ kind: 'endpoint', done_until: new Date(now.getTime() - 7 * 24 * hourMs) })
      .execute();
    await expect(check('requests')).rejects.toThrow('days old');
  });

  test('fell when they are fewer than half of the median, and critical when there are none', async () => {
    await history([600, 630, 570, 600]);
    await requests(50);
    expect(await check('requests')).toMatchObject({
      findings: [],
      examined: ['fall', 'rise'],
      figures: [
        { name: 'requests', value: 50 },
        { name: 'usual requests', value: 100 },
      ],
    });
    await db.deleteFrom('api_logs').execute();
    await requests(49);
    expect((await check('requests')).findings).toMatchObject([
      {
        severity: 'high',
        key: 'fall',
        component: 'platform',
        title: 'Requests fell to 49 in 10 minutes, 100 are usual',
      },
    ]);
    expect(await titles('requests', { fall_percent: 60 })).toEqual([]);
    await db.deleteFrom('api_logs').execute();
    expect((await check('requests')).findings).toMatchObject([{ severity: 'critical' }]);
  });

  test('are not judged at night, nor where they differ from week to week', async () => {
    await history([290, 290, 290]);
    expect(await titles('requests')).toEqual([]);
    expect(await titles('requests', { min_expected: 48 })).toHaveLength(1);
    await db.deleteFrom('engine.rollups').execute();
    await history([600, 60, 1_200, 300, 2_400]);
    await requests(10);
    expect(await titles('requests')).toEqual([]);
  });

  test('of a part of an hour count as that part, over the end of an hour as well', async () => {
    const at = new Date('2026-03-04T14:05:00Z');
    await history([600, 600, 600], { now: at });
    await history([1_800, 1_800, 1_800], { now: at, hours: [1] });
    await requests(200, 200, new Date('2026-03-04T13:58:00Z'));
    expect((await check('requests', {}, { now: at })).figures).toEqual([
      { name: 'requests', value: 200 },
      { name: 'usual requests', value: 200 },
    ]);
  });

  test.each([
    // In Berlin the clocks went from 2:00 to 3:00 on 29 March, and from 3:00 back to 2:00 on 25 October.
    ['an hour that there was not', '2026-04-05T01:10:00Z', 40],
    ['an hour that there was twice', '2026-11-01T01:05:00Z', 10],
  ])(
    'are compared with as many minutes of the week before, also over %s',
    async (_, at, window) => {
      const to = new Date(at);
      await history([600, 600, 600], { now: to, hours: [-1, 0, 1, 2, 3] });
      const from = new Date(to.getTime() - window * 60_000);
      const config = pulse.config.parse({ timezone: 'Europe/Berlin', weeks: 3 });
      const weeks = await listWeeks(
        from,
        to,
        config as Parameters<typeof listWeeks>[2],
        {
          db,
        } as unknown as Parameters<typeof listWeeks>[3],
      );
      const each = 10 * window;
      expect(weeks.map(({ events }) => Math.round(events))).toEqual([each, each, each]);
    },
  );

  test('are compared at the same local time after the clocks have changed', async () => {
    // New York: 10:30 in winter is 15:30 UTC, in summer 14:30 UTC. The clocks change on 8 March.
    const at = new Date('2026-03-11T14:30:00Z');
    await history([6_000, 6_000, 6_000, 6_000], { now: at, hours: [-1] });
    await history([600, 600, 600, 600], { now: at });
    const expected = async (timezone: string) =>
      (await check('requests', { timezone }, { now: at })).figures![1]!.value;
    expect(await expected('America/New_York')).toBe(1_000);
    expect(await expected('UTC')).toBe(100);
    expect(() => pulse.config.parse({ timezone: 'Mars/Olympus' })).toThrow(
      'no time zone has this name',
    );
  });

  test('a quiet day that was as quiet before is low', async () => {
    await history([6_000, 6_000, 6_000], { hours: [0, 1, 2, 3, 4, 5, 6, 7, 8] });
    await requests(300);
    expect((await check('requests')).findings).toMatchObject([{ severity: 'high' }]);
    const today = (events: number) =>
      db
        .insertInto('engine.rollups')
        .values(
          [2, 3, 4, 5, 6, 7].map((before) => ({
            kind: 'endpoint' as const,
            subject: '/today',
            period: 'hour' as const,
            starts_at: new Date(Date.UTC(2026, 2, 4, 14 - before)),
            events,
            failures: 0,
          })),
        )
        .onConflict((conflict) =>
          conflict
            .columns(['kind', 'period', 'starts_at', 'subject'])
            .doUpdateSet({ events: `${events}` }),
        )
        .execute();
    await today(5_900);
    expect((await check('requests')).findings).toMatchObject([{ severity: 'high' }]);
    await today(1_800);
    expect((await check('requests')).findings).toMatchObject([
      { severity: 'low', description: expect.stringContaining('holiday') },
    ]);
    await db.deleteFrom('api_logs').execute();
    expect((await check('requests')).findings).toMatchObject([{ severity: 'critical' }]);
  });

  test('a campaign is info, and many requests that fail are medium', async () => {
    await history([600, 600, 600], { failures: 6 });
    await requests(300);
    expect(await titles('requests')).toEqual([]);
    await requests(1);
    expect((await check('requests')).findings).toMatchObject([
      { severity: 'info', key: 'rise', title: 'Requests rose to 301 in 10 minutes, 100 are usual' },
    ]);
    await requests(30, 500);
    expect((await check('requests')).findings).toMatchObject([{ severity: 'medium' }]);
  });

  test('may come late, where they are imported', async () => {
    await history([600, 600, 600]);
    await requests(100, 200, minutesAgo(65));
    expect(await titles('requests')).toHaveLength(1);
    await history([600, 600, 600], { now: minutesAgo(60) });
    expect(await titles('requests', { lag_minutes: 60 })).toEqual([]);
  });
});

describe('error-share', () => {
  test('needs enough requests, enough errors, and more of them than usual', async () => {
    await history([600, 600, 600], { failures: 12 });
    await requests(93);
    await requests(7, 500);
    expect(await titles('error-share')).toEqual([]);
    await requests(3, 502);
    expect((await check('error-share')).findings).toMatchObject([
      {
        severity: 'high',
        component: 'platform',
        title: 'Error share rose to 9.7 % of 103 requests, 2.0 % are usual',
      },
    ]);
    expect(await titles('error-share', { error_points: 8 })).toEqual([]);
    expect(await titles('error-share', { error_factor: 5 })).toEqual([]);
    expect(await titles('error-share', { min_requests: 104 })).toEqual([]);
    expect(await titles('error-share', { min_errors: 11 })).toEqual([]);
    await requests(200, 500);
    expect((await check('error-share')).findings).toMatchObject([{ severity: 'critical' }]);
  });

  test('is no finding where so many errors are usual, and is skipped without history', async () => {
    await requests(80);
    await requests(20, 500);
    await expect(check('error-share')).rejects.toThrow(SkippedCheck);
    await history([600, 600, 600], { failures: 120 });
    expect(await titles('error-share')).toEqual([]);
  });

  test('counts requests that come late, where they do', async () => {
    await history([600, 600, 600], { now: minutesAgo(60) });
    await requests(100, 200, minutesAgo(65));
    await requests(50, 500, minutesAgo(65));
    expect(await titles('error-share', { lag_minutes: 60 })).toEqual([
      'Error share rose to 33.3 % of 150 requests, 0.0 % are usual',
    ]);
    expect(await titles('error-share', { lag_minutes: 50 })).toEqual([]);
  });

  test('counts from a later start, and gives a tally for each key that is asked for', async () => {
    await history([600, 600, 600]);
    await requests(50, 500, minutesAgo(8));
    await requests(60, 200, minutesAgo(8));
    await requests(40, 200, minutesAgo(2));
    const all = await check('error-share');
    expect(all.findings).toHaveLength(1);
    expect(all.tallies).toEqual([
      { key: 'platform', bad: 50, of: 150, newestBadAt: minutesAgo(8) },
    ]);
    const starts = [{ key: 'platform', from: minutesAgo(4) }];
    expect(await check('error-share', {}, { starts })).toMatchObject({
      findings: [],
      tallies: [{ key: 'platform', bad: 0, of: 40, newestBadAt: null }],
    });
    expect(await check('error-share', {}, { only: ['other'] })).toMatchObject({
      findings: [],
      examined: ['other'],
      tallies: [{ key: 'platform' }, { key: 'other', bad: 0, of: 0 }],
    });
  });
});

describe('sessions', () => {
  const hour = Math.floor(now.getTime() / hourMs);
  /** What the check remembers when it counted so many in each of the past hours, the last one an hour ago. */
  const counted = (...counts: (number | null)[]) => ({ until: hour - 1, counts });
  const weekly = (...perWeek: (number | null)[]) =>
    counted(...perWeek.flatMap((count) => [count, ...Array<number>(167).fill(7)]));
  const sessions = (count: number) =>
    db
      .insertInto('user_sessions')
      .values(
        Array.from({ length: count }, (_, i) => ({
          token: `t${i}`,
          expires_at: new Date(now.getTime() + 60_000),
        })),
      )
      .execute();

  test('are counted once an hour and not judged before three weeks', async () => {
    await sessions(3);
    await db.insertInto('user_sessions').values({ token: 'expired', expires_at: now }).execute();
    const first = await check('sessions');
    expect(first).toEqual({
      examined: [],
      findings: [],
      figures: [{ name: 'active sessions', value: 3 }],
      remember: { until: hour, counts: [3] },
    });
    expect((await check('sessions', {}, { remembered: first.remember })).remember).toBeUndefined();
    const later = { now: new Date(now.getTime() + 3 * hourMs), remembered: first.remember };
    expect((await check('sessions', {}, later)).remember).toEqual({
      until: hour + 3,
      counts: [3, null, null, 0],
    });
    expect((await check('sessions', {}, { remembered: weekly(200, 200) })).examined).toEqual([]);
  });

  test('fell when they are fewer than half of the same hour of past weeks', async () => {
    const remembered = weekly(null, 200, 210, 190);
    await sessions(100);
    expect(await check('sessions', {}, { remembered })).toMatchObject({
      examined: ['sessions'],
      findings: [],
    });
    await db.deleteFrom('user_sessions').where('token', '=', 't0').execute();
    expect((await check('sessions', {}, { remembered })).findings).toMatchObject([
      { severity: 'high', title: 'Active sessions fell to 99, 200 are usual', key: 'sessions' },
    ]);
    expect(await titles('sessions', { min_expected: 201 }, { remembered })).toEqual([]);
  });

  test('are compared at the same local time after the clocks have changed', async () => {
    // New York: 10:30 is 14:30 UTC now, and was 15:30 UTC before 8 March.
    const at = new Date('2026-03-11T14:30:00Z');
    await sessions(90);
    await db
      .updateTable('user_sessions')
      .set({ expires_at: new Date('2026-04-01') })
      .execute();
    const until = Math.floor(at.getTime() / hourMs) - 1;
    const counts = Array.from({ length: 4 * 168 }, (_, i) => ((i + 168) % 168 === 1 ? 200 : 40));
    const usual = async (timezone: string) =>
      (await check('sessions', { timezone }, { now: at, remembered: { until, counts } })).figures;
    expect(await usual('UTC')).toContainEqual({ name: 'usual active sessions', value: 40 });
    expect(await usual('America/New_York')).toContainEqual({
      name: 'usual active sessions',
      value: 200,
    });
  });

  test('are remembered in 16 KiB, whatever was remembered before', async () => {
    const counts = Array.from({ length: 1_344 }, () => 200_000);
    const { remember } = await check('sessions', {}, { remembered: { until: hour - 1, counts } });
    expect(JSON.stringify(remember).length).toBeLessThan(16_384);
    expect((remember as { counts: number[] }).counts).toHaveLength(1_344);
    expect((await check('sessions', {}, { remembered: ['odd'] })).remember).toEqual({
      until: hour,
      counts: [0],
    });
    // Hours that the clock had come to before it was set back.
    for (const [counts, left] of [
      [
        [1, 2, 3],
        [1, 0],
      ],
      [[2, 3], [0]],
      [[], [0]],
    ]) {
      const remembered = { until: hour + 1, counts };
      const result = await check('sessions', {}, { remembered });
      expect(result.remember).toEqual({ until: hour, counts: left });
    }
    const old = await check('sessions', {}, { remembered: { until: 5, counts: [1] } });
    expect((old.remember as { counts: unknown[] }).counts).toHaveLength(1_344);
  });
});
