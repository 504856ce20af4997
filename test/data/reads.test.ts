import { randomUUID } from 'node:crypto';
import { sql, type Insertable } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { apiLogsOf, endpointTotals } from '../../src/data/analytics/api-logs.ts';
import { errorLogsOf, errorTotals } from '../../src/data/analytics/error-logs.ts';
import { pageViewsOf, pageViewTotals } from '../../src/data/analytics/page-views.ts';
import {
  appUsage,
  appUsageTotals,
  toolUsage,
  toolUsageTotals,
  trackAppUsage,
} from '../../src/data/apps/usage.ts';
import { AccessDeniedError } from '../../src/database/faults/access-denied.ts';
import { asService, asUser } from '../../src/database/as-user.ts';
import { BadInputError } from '../../src/database/faults/bad-input.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { conversation, conversationsOf } from '../../src/data/javari/conversations.ts';
import type { Page, PageRequest } from '../../src/database/keyset.ts';
import type { JavariConversations } from '../../src/database/tables.ts';
import { profileByEmail, profileById } from '../../src/data/users/profiles.ts';
import { testDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

let db: Db;
let url: string;
let ann: string;
let bob: string;
beforeAll(async () => {
  ({ db, url } = await testDatabase());
  [ann, bob] = [await addUser(db, 'ann@people.test'), await addUser(db, 'Bob@People.test')];
});

/** All pages one after the other. */
async function readAll<Row>(read: (request: PageRequest) => Promise<Page<Row>>, limit: number) {
  const pages: Row[][] = [];
  let cursor: string | null | undefined;
  do {
    const page: Page<Row> = await read({ limit, cursor: cursor ?? undefined });
    pages.push(page.rows);
    cursor = page.next;
  } while (cursor && pages.length < 50);
  return pages;
}

describe('a profile', () => {
  test('is found by its address as written, else in lower case', async () => {
    expect(await profileByEmail(db, 'ann@people.test')).toMatchObject({ id: ann });
    expect(await profileByEmail(db, 'ANN@People.test')).toMatchObject({ id: ann });
    expect(await profileByEmail(db, 'Bob@People.test')).toMatchObject({ id: bob });
    expect(await profileByEmail(db, 'bob@people.test')).toBeUndefined();
    const lower = await addUser(db, 'bob@people.test');
    expect(await profileByEmail(db, 'BOB@people.test')).toMatchObject({ id: lower });
    expect(await profileByEmail(db, 'Bob@People.test')).toMatchObject({ id: bob });
    await addUser(db, 'eve@people.test');
    const written = await addUser(db, 'Eve@People.test');
    expect(await profileByEmail(db, 'Eve@People.test')).toMatchObject({ id: written });
    expect(await profileByEmail(db, `' OR 1=1 --`)).toBeUndefined();
  });

  test('is found by its id', async () => {
    expect(await profileById(db, ann.toUpperCase())).toMatchObject({ email: 'ann@people.test' });
    expect(await profileById(db, randomUUID())).toBeUndefined();
  });
});

describe('conversations of a user', () => {
  const add = (at: string | null, more: Partial<Insertable<JavariConversations>> = {}) =>
    db
      .insertInto('javari_conversations')
      .values({
        user_id: ann,
        provider: 'anthropic',
        model: 'm',
        messages: JSON.stringify([{ role: 'user', content: 'hello' }]),
        created_at: at,
        ...more,
      })
      .returning('id')
      .executeTakeFirstOrThrow();

  test('come newest first, every one once, whatever the page: same microsecond, same millisecond, no time', async () => {
    const times = [
      ...Array<string>(5).fill('2026-01-01T00:00:00.123456Z'),
      ...['111', '222', '333'].map((us) => `2026-01-02T00:00:00.500${us}Z`),
      ...Array<null>(3).fill(null),
      '1999-12-31T23:59:59.999999Z',
    ];
    for (const at of times) await add(at);
    await add('2030-01-01T00:00:00Z', { user_id: bob });
    const { rows: all } = await conversationsOf(db, ann, { limit: 200 });
    expect(all.length).toBe(times.length);
    const wanted = await sql<{ id: string }>`
      SELECT id FROM javari_conversations WHERE user_id = ${ann} ORDER BY created_at DESC, id DESC`.execute(
      db,
    );
    expect(all.map(({ id }) => id)).toEqual(wanted.rows.map(({ id }) => id));
    for (const limit of [1, 2, 3, 5, 11, 12, 13]) {
      const pages = await readAll((request) => conversationsOf(db, ann, request), limit);
      expect(pages.flat()).toEqual(all);
      expect(pages.map((page) => page.length)).toEqual(
        pages.map((_, n) => Math.min(limit, 12 - n * limit)),
      );
    }
    expect(Object.keys(all[0]!)).not.toContain('messages');
    expect(Object.keys(all[0]!)).not.toContain('at');
  });

  test('do not repeat or hide when newer ones come meanwhile', async () => {
    const { rows: all } = await conversationsOf(db, ann, { limit: 200 });
    const first = await conversationsOf(db, ann, { limit: 6 });
    await add('2031-01-01T00:00:00Z');
    const second = await conversationsOf(db, ann, { limit: 200, cursor: first.next! });
    expect([...first.rows, ...second.rows]).toEqual(all);
  });

  test('page the same in a session with another time zone and date style', async () => {
    const { rows: all } = await conversationsOf(db, ann, { limit: 200 });
    const other = connect(url, { max: 1 });
    await sql`SET TimeZone = 'Asia/Kolkata'`.execute(other);
    await sql`SET DateStyle = 'German, DMY'`.execute(other);
    const pages = await readAll((request) => conversationsOf(other, ann, request), 1);
    await other.destroy();
    expect(pages.flat().map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  });

  test('one of them is read whole', async () => {
    const { id } = await add('2032-01-01T00:00:00Z', { response: 'hi' });
    expect(await conversation(db, id)).toMatchObject({
      messages: [{ role: 'user', content: 'hello' }],
      response: 'hi',
    });
    expect(await conversation(db, randomUUID())).toBeUndefined();
  });
});

describe('usage of apps and tools', () => {
  const app = async (slug: string) => {
    const values = { slug, name: slug, category: 'c', credit_cost: 1 };
    const row = db.insertInto('app_catalog').values(values).returning('id');
    return (await row.executeTakeFirstOrThrow()).id;
  };
  const tool = async (app_id: string, slug: string) => {
    const row = db.insertInto('tools_catalog').values({ app_id, slug, name: slug, credit_cost: 1 });
    return (await row.returning('id').executeTakeFirstOrThrow()).id;
  };
  let [writer, painter] = ['', ''];
  const span = { since: new Date(Date.now() - 3600_000) };

  beforeAll(async () => {
    [writer, painter] = [await app('writer'), await app('painter')];
    const use = { user_id: ann, app_id: writer, credits_used: 2, success: true };
    await trackAppUsage(db, { ...use, execution_time_ms: 100 });
    await trackAppUsage(db, { ...use, execution_time_ms: 301 });
    await trackAppUsage(db, { ...use, credits_used: 0, success: false, error_message: 'no ink' });
    await trackAppUsage(db, { ...use, app_id: painter, credits_used: 2_147_483_647 });
    await trackAppUsage(db, { ...use, app_id: painter, credits_used: 2_147_483_647 });
    await trackAppUsage(db, { ...use, user_id: bob });
    const brush = await tool(painter, 'brush');
    const uses = [
      [ann, brush],
      [ann, await tool(writer, 'pen')],
      [bob, brush],
    ] as const;
    for (const [user_id, tool_id] of uses)
      await db.insertInto('tools_usage').values({ user_id, tool_id, credits_used: 3 }).execute();
    // Before the span.
    await db
      .insertInto('app_usage')
      .values({ ...use, created_at: '2020-01-01T00:00:00Z' })
      .execute();
  });

  test('is listed by user, by app, or both, newest first', async () => {
    const mine = await appUsage(db, { user_id: ann });
    expect(mine.rows.map(({ user_id }) => user_id)).toEqual(Array(6).fill(ann));
    expect(mine.rows.at(-1)!.created_at!.getUTCFullYear()).toBe(2020);
    expect(mine.rows.find((row) => !row.success)).toMatchObject({
      error_message: 'no ink',
      credits_used: 0,
    });
    expect((await appUsage(db, { app_id: writer })).rows.length).toBe(5);
    expect((await appUsage(db, { user_id: bob, app_id: writer })).rows.length).toBe(1);
    const pages = await readAll((request) => appUsage(db, { user_id: ann }, request), 4);
    expect(pages.map((page) => page.length)).toEqual([4, 2]);
    expect((await toolUsage(db, { app_id: painter })).rows.map(({ app_id }) => app_id)).toEqual([
      painter,
      painter,
    ]);
    expect((await toolUsage(db, { user_id: ann })).rows.length).toBe(2);
    const tools = await readAll((request) => toolUsage(db, { user_id: ann }, request), 1);
    expect(tools.map((page) => page.length)).toEqual([1, 1]);
  });

  test('is summed within a span', async () => {
    const ofWriter = { app_id: writer, uses: 3, failures: 1, credits_used: 4 };
    expect(await appUsageTotals(db, { user_id: ann }, span)).toEqual([
      { ...ofWriter, avg_execution_time_ms: 201 },
      {
        app_id: painter,
        uses: 2,
        failures: 0,
        // Past what INTEGER holds.
        credits_used: 4_294_967_294,
        avg_execution_time_ms: null,
      },
    ]);
    expect(await appUsageTotals(db, { app_id: writer }, span)).toMatchObject([{ uses: 4 }]);
    const until = new Date('2020-01-02');
    expect(
      await appUsageTotals(db, { user_id: ann }, { since: new Date('2020-01-01'), until }),
    ).toMatchObject([{ uses: 1 }]);
    expect(await toolUsageTotals(db, { user_id: ann }, span)).toMatchObject([
      { uses: 1, credits_used: 3 },
      { uses: 1, credits_used: 3 },
    ]);
    expect(await toolUsageTotals(db, { app_id: painter }, span)).toMatchObject([
      { uses: 2, credits_used: 6 },
    ]);
  });

  const bad: [string, object][] = [
    ['user_id', { user_id: 'ann' }],
    ['app_id', { app_id: '' }],
    ['credits_used', { credits_used: -1 }],
    ['credits_used', { credits_used: 1.5 }],
    ['credits_used', { credits_used: 2_147_483_648 }],
    ['credits_used', { credits_used: '1' }],
    ['execution_time_ms', { execution_time_ms: -1 }],
    ['success', { success: 'yes' }],
    ['error_message', { error_message: 'a\0b' }],
    ['error_message', { error_message: 'x'.repeat(10_001) }],
  ];
  test.each(bad)('is not noted with a bad %s: %j', async (field, change) => {
    const before = await appUsage(db, { user_id: ann });
    const use = { user_id: ann, app_id: writer, credits_used: 1, success: true, ...change };
    await expect(trackAppUsage(db, use)).rejects.toThrow(BadInputError);
    await expect(trackAppUsage(db, use)).rejects.toMatchObject({ field });
    expect(await appUsage(db, { user_id: ann })).toEqual(before);
  });

  test('is not noted for an app or a user that does not exist', async () => {
    const use = { user_id: ann, app_id: writer, credits_used: 1, success: true };
    await expect(trackAppUsage(db, { ...use, app_id: randomUUID() })).rejects.toThrow('app_id');
    await expect(trackAppUsage(db, { ...use, user_id: randomUUID() })).rejects.toThrow('user_id');
  });
});

describe('logs', () => {
  const hour = (n: number) => `2026-05-01T${String(n).padStart(2, '0')}:00:00Z`;
  const day = { since: new Date('2026-05-01'), until: new Date('2026-05-02') };

  test('page views are read and counted by path', async () => {
    const views = [ann, ann, bob, null].map((user_id, n) => ({
      user_id,
      page_path: '/a',
      created_at: hour(n),
    }));
    const others = [
      { page_path: '/a/', created_at: hour(1) },
      { page_path: '/a', created_at: '2026-05-02T00:00:00Z' },
    ];
    await db
      .insertInto('page_views')
      .values([...views, ...others])
      .execute();
    const pages = await readAll((request) => pageViewsOf(db, '/a', request), 2);
    expect(pages.map((page) => page.map((row) => row.created_at!.getUTCHours()))).toEqual([
      [0, 3],
      [2, 1],
      [0],
    ]);
    expect(await pageViewTotals(db, '/a', day)).toEqual({ views: 4, users: 2 });
    expect(await pageViewTotals(db, '/none', day)).toEqual({ views: 0, users: 0 });
  });

  test('API requests are read and summed by endpoint', async () => {
    const requests = Array.from({ length: 20 }, (_, n) => ({
      endpoint: '/api/x',
      method: 'GET',
      status_code: n < 2 ? 503 : n < 5 ? 404 : 200,
      response_time_ms: (n + 1) * 10,
      created_at: hour(n),
    }));
    await db
      .insertInto('api_logs')
      .values([...requests, { ...requests[0]!, endpoint: '/api/y' }])
      .execute();
    const pages = await readAll((request) => apiLogsOf(db, '/api/x', request), 7);
    expect(pages.flat().map((row) => row.response_time_ms)).toEqual(
      requests.map((row) => row.response_time_ms).toReversed(),
    );
    expect(await endpointTotals(db, '/api/x', day)).toEqual({
      requests: 20,
      client_errors: 3,
      server_errors: 2,
      p50_ms: 100,
      p95_ms: 190,
    });
    expect(await endpointTotals(db, '/api/x', { since: new Date('2027-01-01') })).toEqual({
      requests: 0,
      client_errors: 0,
      server_errors: 0,
      p50_ms: null,
      p95_ms: null,
    });
  });

  test('errors are read and counted by type', async () => {
    await db
      .insertInto('error_logs')
      .values([
        { error_type: 'TypeError', error_message: 'one', user_id: ann, created_at: hour(1) },
        { error_type: 'TypeError', error_message: 'two', user_id: ann, created_at: hour(2) },
        { error_type: 'typeerror', error_message: 'other', created_at: hour(3) },
      ])
      .execute();
    const { rows, next } = await errorLogsOf(db, 'TypeError');
    expect([rows.map((row) => row.error_message), next]).toEqual([['two', 'one'], null]);
    expect(await errorTotals(db, 'TypeError', day)).toEqual({
      errors: 2,
      users: 1,
      last_at: new Date(hour(2)),
    });
  });
});

describe('under row level security', () => {
  const as = (sub: string) => ({ sub });

  test('a user reads what is theirs, an admin all of it, a visitor nothing', async () => {
    expect(await asUser(db, as(ann), (trx) => profileById(trx, ann))).toMatchObject({ id: ann });
    expect(await asUser(db, as(ann), (trx) => profileById(trx, bob))).toBeUndefined();
    expect(
      await asUser(db, as(ann), (trx) => profileByEmail(trx, 'Bob@People.test')),
    ).toBeUndefined();
    const mine = await conversationsOf(db, ann, { limit: 3 });
    expect(await asUser(db, as(ann), (trx) => conversationsOf(trx, ann, { limit: 3 }))).toEqual(
      mine,
    );
    expect((await asUser(db, as(bob), (trx) => conversationsOf(trx, ann))).rows).toEqual([]);

    const span = { since: new Date(0) };
    const totals = await appUsageTotals(db, { user_id: ann }, span);
    expect(totals.length).toBe(2);
    expect(await asUser(db, as(ann), (trx) => appUsageTotals(trx, { user_id: ann }, span))).toEqual(
      totals,
    );
    expect(await asUser(db, as(bob), (trx) => appUsageTotals(trx, { user_id: ann }, span))).toEqual(
      [],
    );
    expect((await asUser(db, as(ann), (trx) => toolUsage(trx, { user_id: ann }))).rows.length).toBe(
      2,
    );

    const admin = await addUser(db);
    await db.updateTable('profiles').set({ role: 'admin' }).where('id', '=', admin).execute();
    const logs: ((on: Db) => Promise<Page<object>>)[] = [
      (on) => pageViewsOf(on, '/a'),
      (on) => apiLogsOf(on, '/api/x'),
      (on) => errorLogsOf(on, 'TypeError'),
    ];
    for (const read of logs) {
      const all = await read(db);
      expect(all.rows.length).toBeGreaterThan(0);
      expect(await asUser(db, as(admin), read)).toEqual(all);
      expect(await asService(db, read)).toEqual(all);
      await expect(asUser(db, { role: 'anon' }, read)).rejects.toThrow(AccessDeniedError);
    }
  });

  test('a user notes their own uses; for another one it is refused and named', async () => {
    const { id: app_id } = await db
      .selectFrom('app_catalog')
      .select('id')
      .executeTakeFirstOrThrow();
    const use = { user_id: bob, app_id, credits_used: 1, success: true };
    const { rows: before } = await appUsage(db, { user_id: bob });
    const made = await asUser(db, as(bob), (trx) => trackAppUsage(trx, use));
    expect((await appUsage(db, { user_id: bob })).rows).toEqual([made, ...before]);

    const forged = asUser(db, as(ann), (trx) => trackAppUsage(trx, use));
    await expect(forged).rejects.toThrow(AccessDeniedError);
    await expect(forged).rejects.toMatchObject({
      field: 'user_id',
      why: expect.stringMatching(/user_id .*app_usage/),
    });
    expect((await appUsage(db, { user_id: bob })).rows.length).toBe(before.length + 1);
  });
});

describe('bad input is named before anything is read', () => {
  const now = new Date();
  const cursor = (text: string) => Buffer.from(text).toString('base64url');
  const lists: [string, string, () => Promise<unknown>][] = [
    ['email', 'empty', () => profileByEmail(db, '')],
    ['email', 'NUL', () => profileByEmail(db, 'a\0@b.test')],
    ['email', 'length', () => profileByEmail(db, `${'a'.repeat(250)}@b.test`)],
    ['id', 'uuid', () => profileById(db, '1')],
    ['user_id', 'uuid', () => conversationsOf(db, `${randomUUID()} `)],
    ['id', 'uuid', () => conversation(db, '{}')],
    ['user_id', 'missing', () => appUsage(db, {} as { app_id: string })],
    ['app_id', 'uuid', () => toolUsage(db, { app_id: 'x' })],
    ['page_path', 'length', () => pageViewsOf(db, `/${'a'.repeat(255)}`)],
    ['page_path', 'NUL', () => pageViewTotals(db, '/\0', { since: now })],
    ['endpoint', 'half', () => apiLogsOf(db, '/\uD800')],
    ['error_type', 'length', () => errorLogsOf(db, 'E'.repeat(101))],
    ['since', 'date', () => errorTotals(db, 'E', { since: new Date('x') })],
    ['since', 'text', () => endpointTotals(db, '/', { since: '2026-01-01' as unknown as Date })],
    ['until', 'order', () => pageViewTotals(db, '/', { since: now, until: new Date(0) })],
    ...[0, 201, 1.5, -1, Number.NaN, '10' as unknown as number].map(
      (limit) =>
        ['limit', String(limit), () => conversationsOf(db, ann, { limit })] as [
          string,
          string,
          () => Promise<unknown>,
        ],
    ),
    ...[
      '',
      'x',
      '\0',
      cursor(`2026-01-01T00:00:00.000000Z ${'0'.repeat(36)}`),
      cursor(`2026-01-01T00:00:00.000000Z' OR 1=1 ${randomUUID()}`),
      cursor(`2026-13-01T00:00:00.000000Z ${randomUUID()}`),
      cursor(`2026-02-31T00:00:00.000000Z ${randomUUID()}`),
      7 as unknown as string,
    ].map(
      (bad) =>
        ['cursor', JSON.stringify(bad), () => conversationsOf(db, ann, { cursor: bad })] as [
          string,
          string,
          () => Promise<unknown>,
        ],
    ),
  ];
  test.each(lists)('%s: %s', async (field, _, read) => {
    const done = read();
    await expect(done).rejects.toThrow(BadInputError);
    await expect(done).rejects.toMatchObject({ field, rule: expect.stringMatching(/\w+/) });
  });
});

test('pages go on behind times that no Date holds, and give each row once', async () => {
  const times = [
    'infinity',
    'infinity',
    '294276-12-31 23:59:59.999999Z',
    '294276-02-29 23:59:59Z',
    '10000-02-29 00:00:00.000001Z',
    '2026-01-01 00:00:00Z',
    '0044-03-15 00:00:00.5Z BC',
    '0005-02-29 00:00:00Z BC',
    '4713-01-01 00:00:00Z BC',
    '-infinity',
    '-infinity',
    null,
    null,
  ];
  for (const at of times)
    await sql`INSERT INTO api_logs (endpoint, method, status_code, created_at)
              VALUES ('/boundless', 'GET', 200, ${at}::timestamptz)`.execute(db);
  const all = await apiLogsOf(db, '/boundless', { limit: 200 });
  expect(all.rows).toHaveLength(times.length);
  for (const limit of [1, 2, 5]) {
    const pages = await readAll((request) => apiLogsOf(db, '/boundless', request), limit);
    expect(pages.flat()).toEqual(all.rows);
  }
  const forged = (at: string) =>
    Buffer.from(`${at} ${all.rows[0]!.id}`, 'latin1').toString('base64url');
  for (const at of [
    '294277-01-01T00:00:00.000000Z',
    '10001-02-29T00:00:00.000000Z',
    '0000-01-01T00:00:00.000000Z BC',
    '0004-02-29T00:00:00.000000Z BC',
    '4714-01-01T00:00:00.000000Z BC',
    '+infinity',
  ])
    await expect(apiLogsOf(db, '/boundless', { cursor: forged(at) })).rejects.toThrow(
      BadInputError,
    );
});
