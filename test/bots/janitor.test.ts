import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { janitor } from '../../bots/janitor.ts';
import { expireSessions } from '../../bots/remedies/session.expire.ts';
import { applyRemedy, runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(() => db.deleteFrom('user_sessions').execute());

const now = new Date('2026-03-01T12:00:00Z');
const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const check = (config = {}, since: Date | null = null) =>
  runCheck(janitor, 'expired-sessions', db, config, { now, since });
const expire = (params = {}) => applyRemedy(expireSessions, db, params, { now });

const plant = (...seconds: number[]) =>
  db
    .insertInto('user_sessions')
    .values(seconds.map((s) => ({ token: randomUUID(), expires_at: inSeconds(s) })))
    .execute();
const left = async () =>
  (await db.selectFrom('user_sessions').select('expires_at').orderBy('expires_at').execute()).map(
    ({ expires_at }) => (expires_at.getTime() - now.getTime()) / 1000,
  );

test('expired sessions are one finding, live ones none', async () => {
  await plant(1, 3600);
  expect(await check()).toEqual({
    examined: ['user_sessions'],
    figures: [{ name: 'expired sessions', value: 0 }],
    findings: [],
  });
  await plant(0, -60);
  expect((await check()).findings).toMatchObject([
    {
      severity: 'medium',
      component: 'user_sessions',
      title: 'Expired sessions are still stored: 2',
      metadata: { expired: 2, oldest: inSeconds(-60).toISOString() },
    },
  ]);
  expect((await check({ min_expired: 2 })).findings).toHaveLength(1);
  expect((await check({ min_expired: 3 })).findings).toEqual([]);
});

test('what expires after a cure is not held against it, what it left is', async () => {
  await plant(-5);
  expect((await check({}, inSeconds(-10))).findings).toEqual([]);
  await plant(-11);
  expect((await check({}, inSeconds(-10))).findings).toMatchObject([{ metadata: { expired: 1 } }]);
});

test('the remedy deletes what expired, and nothing else', async () => {
  await plant(-60, 0, 1, 3600);
  expect(await expire()).toEqual({
    summary: 'deleted 2 expired sessions',
    before: { expired: 2 },
    after: { expired: 0, deleted: 2 },
    wasDone: false,
    isDone: true,
  });
  expect(await left()).toEqual([1, 3600]);
  expect((await check()).findings).toEqual([]);
  expect(await expire()).toMatchObject({ summary: 'deleted 0 expired sessions', wasDone: true });
});

test('a limit takes the oldest first', async () => {
  await plant(-10, -30, -20);
  expect(await expire({ limit: 2 })).toMatchObject({
    before: { expired: 3 },
    after: { expired: 1, deleted: 2 },
    isDone: false,
  });
  expect(await left()).toEqual([-10]);
});

test('more than a batch is deleted in one application', async () => {
  await sql`
    INSERT INTO user_sessions (token, expires_at)
    SELECT 't' || n, ${now} FROM generate_series(1, 2500) n`.execute(db);
  expect(await expire({ limit: 2400 })).toMatchObject({ after: { expired: 100, deleted: 2400 } });
  expect(await expire()).toMatchObject({ after: { expired: 0, deleted: 100 } });
});

test('a session that somebody else holds is passed over', async () => {
  await plant(-10, -20);
  await db.transaction().execute(async (other) => {
    await other
      .selectFrom('user_sessions')
      .select('id')
      .where('expires_at', '=', inSeconds(-20))
      .forUpdate()
      .execute();
    expect(await expire()).toMatchObject({ after: { expired: 1, deleted: 1 } });
  });
  expect(await left()).toEqual([-20]);
});
