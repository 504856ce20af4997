/**
 * Supabase's advisors complain about nothing in a database with everything installed: on a Supabase database, with
 * BullMQ on Redis (no tables) and on PostgreSQL, also after BullMQ's tables were installed again.
 */
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';
import { supabaseDatabase } from '../support/supabase.ts';
import { rules, type Rule } from './advisors.ts';

const complaints = async (db: Db, { query }: Rule): Promise<string[]> =>
  (await sql<{ complaint: string }>`${sql.raw(query)} ORDER BY 1`.execute(db)).rows.map(
    ({ complaint }) => complaint,
  );

describe.each([
  ['Supabase, with BullMQ on PostgreSQL', supabaseDatabase, true],
  ['Supabase, with BullMQ on Redis', supabaseDatabase, false],
  ['any PostgreSQL, with BullMQ on it', testDatabase, true],
] as const)('on %s', (_, make, onPostgres) => {
  let db: Db;
  beforeAll(async () => {
    const made = await make();
    db = made.db;
    await migrateToLatest(db);
    if (onPostgres) await Promise.all([migrateQueue(made.url), migrateQueue(made.url)]);
  });

  test.each(Object.entries(rules))('%s', async (_name, rule) => {
    expect(await complaints(db, rule)).toEqual([]);
  });
});

describe('each rule finds its breach', () => {
  test.each(Object.entries(rules))('%s', async (_, rule) => {
    const { db } = await testDatabase();
    for (const statement of rule.broken.split(/;\s*(?=CREATE|ALTER)/))
      await sql.raw(statement).execute(db);
    expect((await complaints(db, rule)).join()).toContain(rule.name);
  });
});

test("BullMQ's functions work with their own search_path, whatever that of the session is", async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const { rows } = await sql<{ name: string; path: string }>`
    SELECT p.proname AS name, (SELECT s FROM unnest(p.proconfig) s WHERE s LIKE 'search\\_path=%') AS path
    FROM pg_proc p WHERE p.pronamespace = 'bullmq'::regnamespace`.execute(db);
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter(({ path }) => !/^search_path=bullmq\b/.test(path))).toEqual([]);
  await db.transaction().execute(async (trx) => {
    await sql`SET LOCAL search_path = pg_catalog`.execute(trx);
    const { rows: found } = await sql<{ ms: string }>`
      SELECT bullmq.relay_ms(to_timestamp(5)) AS ms, bullmq.job_id_seq_name('runs') AS sequence,
             bullmq.relay_is_valid_id('a-b') AS valid, bullmq.relay_parse_topic('a/b', false) AS topic`.execute(
      trx,
    );
    expect(found).toMatchObject([{ ms: '5000', valid: true }]);
  });
});
