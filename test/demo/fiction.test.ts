import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { plantPlatform } from '../../src/demo/plant.ts';
import { testDatabase } from '../support/database.ts';

test('the planted platform is what it says, and the same everywhere', async () => {
  const [{ db }, other] = await Promise.all([testDatabase(), testDatabase()]);
  const platform = await plantPlatform(db);
  expect(await plantPlatform(other.db)).toEqual(platform);

  const { rows } = await sql<Record<string, number>>`
    SELECT (SELECT count(*)::int FROM auth.users) AS users,
      (SELECT count(*)::int FROM app_catalog) AS apps,
      (SELECT count(*)::int FROM credits) AS credits,
      (SELECT count(*)::int FROM user_sessions) AS sessions,
      (SELECT count(*)::int FROM user_sessions WHERE expires_at <= engine.now()) AS expired,
      (SELECT count(*)::int FROM api_logs) AS "apiLogs",
      (SELECT count(*)::int FROM error_logs) AS "errorLogs",
      (SELECT count(*)::int FROM profiles WHERE email NOT LIKE '%.test') AS addresses,
      (SELECT count(*)::int FROM credits WHERE balance_after < 0) AS negative,
      (SELECT count(*)::int FROM (
        SELECT balance_after - amount - lag(balance_after, 1, 0) OVER w AS gap
        FROM credits WINDOW w AS (PARTITION BY user_id ORDER BY seq)) chain WHERE gap <> 0) AS gaps,
      (SELECT count(*)::int FROM (
        SELECT created_at - lag(created_at) OVER (ORDER BY seq) AS later FROM credits) times
        WHERE later < interval '0') AS backwards`.execute(db);
  const { apps, credits, sessions, apiLogs, errorLogs } = platform;
  expect(rows[0]).toEqual({
    apps,
    credits,
    sessions,
    apiLogs,
    errorLogs,
    users: platform.users.length,
    expired: 37,
    addresses: 0,
    negative: 0,
    gaps: 1,
    backwards: 0,
  });
  expect([platform.users.length, apps, apiLogs, sessions]).toEqual([40, 12, 3000, 200]);
  expect(new Set([...platform.driftedUsers, platform.brokenUser]).size).toBe(6);
});
