import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { curator } from '../../bots/curator.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
const users: string[] = [];
beforeAll(async () => {
  ({ db } = await testDatabase());
  const ids = Array.from({ length: 20 }, () => randomUUID());
  await sql`INSERT INTO auth.users (id, email) SELECT id, id || '@example.test' FROM unnest(${ids}::uuid[]) id`.execute(
    db,
  );
  await sql`INSERT INTO profiles (id, email) SELECT id, id || '@example.test' FROM unnest(${ids}::uuid[]) id
    ON CONFLICT DO NOTHING`.execute(db);
  users.push(...ids);
});
beforeEach(async () => {
  for (const table of [
    'api_logs',
    'tools_usage',
    'app_usage',
    'tools_catalog',
    'app_catalog',
  ] as const)
    await db.deleteFrom(table).execute();
});

const now = new Date('2026-03-01T12:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const check = (name: string, config = {}, asked: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(curator, name, db, config, { now, ...asked });
const keys = async (...args: Parameters<typeof check>) =>
  (await check(...args)).findings.map(({ key }) => key);

async function app(
  slug: string,
  more: { age?: number | null; price?: number; status?: 'active' | 'beta' | null } = {},
) {
  const { age = 500, price = 4, status = 'active' } = more;
  const created_at = age === null ? null : daysAgo(age);
  const { id } = await db
    .insertInto('app_catalog')
    .values({ slug, name: slug, category: 'writing', credit_cost: price, status, created_at })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** `count` uses by each of so many users; 0 users: uses without a user. */
async function use(
  app_id: string,
  days: number,
  { by = 1, count = 1, credits = 4, success = true } = {},
) {
  const who = by === 0 ? [null] : users.slice(0, by);
  const rows = who.flatMap((user_id) =>
    Array.from({ length: count }, () => ({
      app_id,
      user_id,
      credits_used: credits,
      success,
      created_at: daysAgo(days),
    })),
  );
  await db.insertInto('app_usage').values(rows).execute();
}

describe('unused', () => {
  test('is skipped where no uses are recorded at all, for tools by themselves', async () => {
    const id = await app('writer');
    await expect(check('unused-apps')).rejects.toThrow(SkippedCheck);
    await use(id, 31);
    await expect(check('unused-apps')).rejects.toThrow('app_usage has no use of the last 30 days');
    await use(id, 3);
    expect(await keys('unused-apps')).toEqual([]);
    await expect(check('unused-tools')).rejects.toThrow('tools_usage');
  });

  test('is an active app whose last use is too long ago, or that never had one', async () => {
    await use(await app('used'), 29);
    await use(await app('left'), 31);
    await app('never');
    await app('undated', { age: null });
    await app('beta', { status: 'beta' });
    await app('without-status', { status: null });
    expect(await check('unused-apps')).toMatchObject({
      examined: { count: 4, except: [] },
      truncated: false,
      findings: [
        {
          key: 'never',
          component: 'never',
          severity: 'info',
          title: 'App never is active and unused for 30 days',
          metadata: { last_used_at: null },
        },
        { key: 'undated' },
        { key: 'left' },
      ],
    });
    expect(await keys('unused-apps', { unused_days: 32 })).toEqual(['never', 'undated']);
    expect(await check('unused-apps', { max_findings: 2 })).toMatchObject({
      truncated: true,
      findings: [{ key: 'never' }, { key: 'undated' }],
    });
  });

  test('is no new app, and none that is named as seasonal', async () => {
    await use(await app('used'), 1);
    await app('young', { age: 30 });
    await app('older', { age: 31 });
    expect(await keys('unused-apps')).toEqual(['older']);
    expect(await keys('unused-apps', { seasonal: ['older'] })).toEqual([]);
    expect(await keys('unused-apps', { new_days: 40 })).toEqual([]);
  });

  test('is no app whose season is at another time of the year, until it misses one', async () => {
    await use(await app('used'), 1);
    const winter = await app('winter', { age: 800 });
    await use(winter, 100);
    // It is not known yet whether it comes back.
    expect(await keys('unused-apps')).toEqual(['winter']);
    await use(winter, 450);
    expect(await keys('unused-apps')).toEqual([]);
    // It was in use in these weeks of the past year.
    await use(winter, 380);
    expect(await keys('unused-apps')).toEqual(['winter']);
    const missed = await app('missed', { age: 800 });
    await use(missed, 364);
    await use(missed, 450);
    expect(await keys('unused-apps')).toEqual(['missed', 'winter']);
  });

  test('is a tool of an active app', async () => {
    const [active, beta] = [await app('a'), await app('b', { status: 'beta' })];
    const tool = async (app_id: string, slug: string) =>
      (
        await db
          .insertInto('tools_catalog')
          .values({ app_id, slug, name: slug, credit_cost: 1, created_at: daysAgo(90) })
          .returning('id')
          .executeTakeFirstOrThrow()
      ).id;
    const long = 'x'.repeat(100);
    const used = await tool(active, 'used');
    await tool(active, long);
    await tool(beta, 'of-beta');
    await db
      .insertInto('tools_usage')
      .values({ tool_id: used, credits_used: 1, created_at: daysAgo(1) })
      .execute();
    const { findings } = await check('unused-tools');
    expect(findings.map(({ key }) => key)).toEqual([`a/${long}`]);
    expect(findings[0]!.component).toHaveLength(100);
    expect(findings[0]!.title.length).toBeLessThanOrEqual(200);
  });
});

describe('failing-apps', () => {
  test('needs enough users, and most of them', async () => {
    const id = await app('writer');
    await use(id, 0.1, { by: 4, count: 9, success: false });
    expect(await check('failing-apps')).toMatchObject({
      findings: [],
      tallies: [],
      examined: { count: 1 },
    });
    await db
      .insertInto('app_usage')
      .values({ app_id: id, user_id: users[5], credits_used: 1, success: true, created_at: now })
      .execute();
    expect((await check('failing-apps')).findings).toMatchObject([
      {
        severity: 'high',
        component: 'writer',
        title: 'App writer fails for 4 of 5 users',
        metadata: { users: 5, failing_users: 4, uses: 37, failed_uses: 36 },
      },
    ]);
    expect(await keys('failing-apps', { max_failing_percent: 80 })).toEqual([]);
    expect(await keys('failing-apps', { min_users: 6 })).toEqual([]);
  });

  test('one user who tries again and again is one, and uses without a user are one', async () => {
    const id = await app('writer');
    await use(id, 0.1, { by: 1, count: 500, success: false });
    await use(id, 0.1, { by: 0, count: 500, success: false });
    await use(id, 0.2, { by: 8 });
    expect(await keys('failing-apps')).toEqual([]);
  });

  test('a user for whom half of the uses work is not failing', async () => {
    const id = await app('writer');
    await use(id, 0.1, { by: 8, count: 2 });
    await use(id, 0.1, { by: 8, count: 2, success: false });
    expect(await keys('failing-apps')).toEqual([]);
    await use(id, 0.1, { by: 8, success: false });
    expect(await keys('failing-apps')).toEqual(['writer']);
  });

  test('counts from the window or a later start, only what was asked, each with a tally', async () => {
    const id = await app('writer');
    await use(id, 1.1, { by: 8, success: false });
    expect((await check('failing-apps')).examined).toMatchObject({ count: 0 });
    await use(id, 0.5, { by: 8, success: false });
    expect((await check('failing-apps')).tallies).toEqual([
      { key: 'writer', bad: 8, of: 8, newestBadAt: daysAgo(0.5) },
    ]);
    const starts = [{ key: 'writer', from: daysAgo(0.25) }];
    expect(await check('failing-apps', {}, { starts })).toMatchObject({
      findings: [],
      tallies: [{ key: 'writer', bad: 0, of: 0, newestBadAt: null }],
    });
    expect(await check('failing-apps', {}, { only: ['gone'] })).toMatchObject({
      examined: ['gone'],
      findings: [],
      tallies: [{ key: 'gone', bad: 0, of: 0 }],
    });
  });
});

describe('app-costs', () => {
  test('a use is out of line by its price and by what is usual', async () => {
    const id = await app('writer');
    await use(id, 10, { by: 10, count: 2 });
    await use(id, 1, { by: 10, count: 2, credits: 7 });
    expect(await keys('app-costs')).toEqual([]);
    await db.deleteFrom('app_usage').where('credits_used', '=', 7).execute();
    await use(id, 1, { by: 10, count: 2, credits: 8 });
    expect((await check('app-costs')).findings).toMatchObject([
      {
        severity: 'medium',
        title: 'App writer costs 8 credits a use, its price is 4',
        metadata: { price: 4, usual: 4, median: 8, uses: 20, out_of_line: 20 },
      },
    ]);
    expect(await keys('app-costs', { cost_factor: 2.1 })).toEqual([]);
    expect(await keys('app-costs', { min_uses: 21 })).toEqual([]);
    expect(await keys('app-costs', { min_users: 11 })).toEqual([]);
    // A new price makes it right; what it always cost does, too.
    await db.updateTable('app_catalog').set({ credit_cost: 8 }).execute();
    expect(await keys('app-costs')).toEqual([]);
    await db.updateTable('app_catalog').set({ credit_cost: 4 }).execute();
    await db.deleteFrom('app_usage').where('credits_used', '=', 4).execute();
    expect(await keys('app-costs')).toEqual(['writer']);
    await use(id, 10, { by: 10, count: 2, credits: 8 });
    expect(await keys('app-costs')).toEqual([]);
  });

  test('what costs half or nothing is low, free apps and failed uses are none', async () => {
    await use(await app('cheap'), 1, { by: 10, count: 2, credits: 2 });
    await use(await app('free', { price: 0 }), 1, { by: 10, count: 2, credits: 0 });
    await use(await app('failed'), 1, { by: 10, count: 2, credits: 0, success: false });
    expect((await check('app-costs')).findings).toMatchObject([{ key: 'cheap', severity: 'low' }]);
    await use(await app('no-more-free', { price: 0 }), 1, { by: 10, count: 2, credits: 2 });
    expect(await keys('app-costs')).toEqual(['cheap', 'no-more-free']);
  });
});

describe('dead-pages', () => {
  const answer = (endpoint: string, status_code: number, ...days: number[]) =>
    db
      .insertInto('api_logs')
      .values(
        days.map((day) => ({ endpoint, method: 'GET', status_code, created_at: daysAgo(day) })),
      )
      .execute();

  test('a page is dead after three days in a row without a good answer', async () => {
    await app('writer');
    expect(await check('dead-pages')).toMatchObject({ examined: { count: 1 }, findings: [] });
    await answer('/apps/writer', 404, 0.1, 1.5);
    await answer('/apps/writer', 500, 2.5);
    expect(await keys('dead-pages')).toEqual([]);
    await answer('/apps/writer', 410, 2.9);
    expect((await check('dead-pages')).findings).toMatchObject([
      {
        severity: 'medium',
        key: 'writer',
        title: 'App writer has had a dead page for 3 days',
        metadata: { path: '/apps/writer', missing: 3 },
      },
    ]);
    expect(await keys('dead-pages', { dead_days: 4 })).toEqual([]);
    expect(await keys('dead-pages', { page_paths: ['/p/{slug}'] })).toEqual([]);
    await answer('/apps/writer?x=1', 200, 2.8);
    expect(await keys('dead-pages')).toEqual([]);
  });

  test('a page of an app that is not active, or unknown, is none', async () => {
    await app('beta', { status: 'beta' });
    await answer('/apps/beta', 404, 0.1, 1.1, 2.1);
    await answer('/apps/unknown', 404, 0.1, 1.1, 2.1);
    await answer(`/apps/'; --`, 404, 0.1, 1.1, 2.1);
    expect(await keys('dead-pages')).toEqual([]);
  });

  test('after a cure only answers after it say that it is dead', async () => {
    await app('writer');
    await answer('/api/apps/writer', 404, 0.1, 1.1, 2.1);
    expect(await keys('dead-pages', {}, { since: daysAgo(0.2) })).toEqual(['writer']);
    expect(await keys('dead-pages', {}, { since: daysAgo(0.05) })).toEqual([]);
  });

  test('so is an app about which the sentinel has had a finding for as long', async () => {
    await app('writer');
    const { id: bot_id } = await db
      .insertInto('bots')
      .values({
        name: 'the-sentinel',
        catalogue_name: 'sentinel',
        display_name: 'S',
        schedule_cron: '@daily',
        api_endpoint: '/api/bots/sentinel',
        status: 'disabled',
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const { id: run } = await db
      .insertInto('bot_executions')
      .values({
        bot_id,
        status: 'success',
        started_at: daysAgo(4),
        completed_at: daysAgo(4),
        trigger: 'manual',
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const found = (days: number, severity: 'high' | 'low') =>
      db
        .insertInto('bot_findings')
        .values({
          bot_id,
          execution_id: run,
          severity,
          category: 'apps',
          title: 'writer is down',
          affected_component: 'writer',
          component_key: 'writer',
          check_name: 'apps',
          fingerprint: randomUUID(),
          detected_at: daysAgo(days),
          last_seen_at: now,
          last_execution_id: run,
          last_fence: '0',
        })
        .execute();
    await found(2.9, 'high');
    await found(9, 'low');
    expect(await keys('dead-pages')).toEqual([]);
    await found(3, 'high');
    expect((await check('dead-pages')).findings).toMatchObject([
      { key: 'writer', metadata: { path: null, finding_id: expect.any(String) } },
    ]);
  });
});
