/** surveyor compares a database with what the migrations make: what differs is found, what belongs to others is not. */
import { sql } from 'kysely';
import { RE2JS } from 're2js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { surveyor } from '../../bots/surveyor.ts';
import bots from '../../bots/surveyor/bots.json' with { type: 'json' };
import whole from '../../bots/surveyor/whole.json' with { type: 'json' };
import { SkippedCheck, type ReportedFinding } from '../../src/bot.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { readResult } from '../../src/run/tasks/result.ts';
import { roundsman } from '../cli/command.ts';
import { madeByHand, platform } from '../database/adopt-platform.ts';
import { foreignPlatform } from '../database/foreign-platform.ts';
import { runCheck } from '../support/check.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { supabaseDatabase } from '../support/supabase.ts';
import { compareParts } from '../../bots/surveyor/compare.ts';
import { snapshotOf } from './catalogue-snapshot.ts';

/** All that the bot finds, read with the role of checks. */
async function survey(url: string, config = {}): Promise<ReportedFinding[]> {
  const reader = connect(url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  const found: ReportedFinding[] = [];
  for (const { name } of surveyor.checks) {
    const result = await runCheck(surveyor, name, reader, config);
    expect(result.figures!.length, name).toBeGreaterThan(0);
    found.push(...result.findings);
  }
  return found;
}

const short = (found: ReportedFinding[]) =>
  found.map(({ severity, title }) => `${severity}: ${title}`);

async function changed(...statements: string[]) {
  const { db, url, name } = await testDatabase();
  for (const each of statements) await sql.raw(each.replaceAll('TEST_DATABASE', name)).execute(db);
  return { db, url };
}

const stale = 'run `npm run catalogue`: a migration changed what surveyor expects';

test('what surveyor expects is what the migrations make', async () => {
  const { db } = await testDatabase();
  const own = await snapshotOf(db, 'whole');
  // Views are printed in the words of each version.
  if (own.server !== whole.server)
    return expect(
      compareParts(whole.parts, own.parts, {
        hasReader: true,
        sameServer: false,
        ignored: new Set(),
      }),
    ).toEqual([]);
  expect(own, stale).toEqual(whole);
  const only = await emptyDatabase();
  await migrateToLatest(only.db, { only: 'bots' });
  expect(await snapshotOf(only.db, 'bots'), stale).toEqual(bots);
});

describe('nothing is found', () => {
  test('in a new platform, also beside tables and functions of its own, and those of extensions', async () => {
    const { url } = await changed(
      'CREATE TABLE orders (id int PRIMARY KEY, note text NOT NULL)',
      'CREATE POLICY open ON orders USING (true)',
      'CREATE FUNCTION total() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'CREATE FUNCTION private.own() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'CREATE EXTENSION pg_trgm',
      'CREATE EXTENSION bloom SCHEMA engine',
      'ALTER TABLE profiles ADD COLUMN shoe_size int',
      'CREATE INDEX own_index ON profiles (shoe_size)',
      'ALTER TABLE bots ADD COLUMN owner_team text',
      'CREATE INDEX own_bots_index ON bots (description)',
    );
    expect(short(await survey(url))).toEqual([]);
  });

  test('where only the bots are installed beside a foreign platform, also with a test of who is an admin', async () => {
    const { db, url } = await foreignPlatform();
    await migrateToLatest(db, { only: 'bots' });
    expect(short(await survey(url))).toEqual([]);
    const named = await roundsman(
      url,
      'db',
      'migrate',
      '--only',
      'bots',
      '--admin-test',
      'is_boss',
    );
    expect(named).toMatchObject({ code: 0 });
    expect(short(await survey(url))).toEqual([]);
  });

  test('where the rest was added later', async () => {
    const { db, url } = await emptyDatabase();
    await migrateToLatest(db, { only: 'bots' });
    await migrateToLatest(db);
    expect(short(await survey(url))).toEqual([]);
  });

  test('in a platform that was adopted with its rows, and in one that says the same in other words', async () => {
    const plain = await madeByHand(platform);
    await migrateToLatest(plain.db);
    expect(short(await survey(plain.url))).toEqual([]);
    const other = await madeByHand(
      'ALTER TABLE bots ALTER id SET DEFAULT gen_random_uuid()',
      'ALTER TABLE avatars ALTER created_at SET DEFAULT CURRENT_TIMESTAMP, ADD COLUMN rank int NOT NULL DEFAULT 0',
      `ALTER TABLE profiles ADD CONSTRAINT profiles_role_check CHECK (((role)::text = ANY (ARRAY[('user'::character varying)::text, ('admin'::character varying)::text, ('owner'::character varying)::text])))`,
      `ALTER TABLE credits ADD CONSTRAINT credits_type_check CHECK (type IN ('purchase', 'usage', 'refund', 'bonus')) NOT VALID`,
    );
    await migrateToLatest(other.db);
    expect(short(await survey(other.url))).toEqual([]);
  });

  test('on a database of Supabase', async () => {
    const { db, url } = await supabaseDatabase();
    await migrateToLatest(db);
    expect(short(await survey(url))).toEqual([]);
  });
});

describe('what differs is found', () => {
  test.each([
    [
      'a policy that is gone',
      'DROP POLICY "Checks read" ON bots',
      'high: Missing policy Checks read of bots',
    ],
    [
      'a policy that allows all',
      'ALTER POLICY "Checks read" ON bots TO public',
      'medium: Changed policy Checks read of bots',
    ],
    [
      'a permissive policy',
      'CREATE POLICY open ON profiles USING (true)',
      'medium: Additional policy open of profiles',
    ],
    [
      'a column that is gone',
      'ALTER TABLE page_views DROP COLUMN page_path CASCADE',
      'high: Missing column page_path of page_views',
    ],
    [
      'another type',
      'ALTER TABLE api_logs ALTER method TYPE varchar(77)',
      'medium: Changed column method of api_logs',
    ],
    [
      'a default',
      `ALTER TABLE api_logs ALTER method SET DEFAULT 'GET'`,
      'medium: Changed column method of api_logs',
    ],
    [
      'a column in engine',
      'ALTER TABLE engine.nodes ADD COLUMN extra int',
      'low: Additional column extra of engine.nodes',
    ],
    [
      'a column that the engine does not give',
      'ALTER TABLE bots ADD COLUMN must int NOT NULL',
      'medium: Additional column must of bots',
    ],
    [
      'a table in engine',
      'CREATE TABLE engine.extra (id int PRIMARY KEY)',
      'low: Additional table engine.extra',
    ],
    ['a table that is gone', 'DROP TABLE page_views CASCADE', 'high: Missing table page_views'],
    [
      'an index that is gone',
      'DROP INDEX idx_bots_status',
      'high: Missing index idx_bots_status of bots',
    ],
    [
      'row level security that is off',
      'ALTER TABLE profiles DISABLE ROW LEVEL SECURITY',
      'high: Changed table profiles',
    ],
    [
      'a trigger that is off',
      'ALTER TABLE bots DISABLE TRIGGER bot_added',
      'medium: Changed trigger bot_added of bots',
    ],
    [
      'a trigger that is gone',
      'DROP TRIGGER bot_added ON bots',
      'high: Missing trigger bot_added of bots',
    ],
    [
      'a function',
      'CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT now() $$',
      'medium: Changed function engine.now()',
    ],
    [
      'a function in engine',
      'CREATE FUNCTION engine.extra() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'low: Additional function engine.extra()',
    ],
    [
      'a setting of a function',
      `ALTER FUNCTION engine.bot_added() SET search_path = public`,
      'medium: Changed function engine.bot_added()',
    ],
    [
      'a setting of the role of checks',
      `ALTER ROLE roundsman_reader IN DATABASE TEST_DATABASE SET work_mem = '1MB'`,
      'low: Changed setting of role roundsman_reader: work_mem=1MB',
    ],
    [
      'a setting by which no trigger fires',
      'ALTER DATABASE TEST_DATABASE SET session_replication_role = replica',
      null,
    ],
    [
      'a check on the tables of bots',
      'ALTER TABLE bots ADD CONSTRAINT few CHECK (priority < 3)',
      'medium: Additional check few of bots',
    ],
  ])('%s', async (_, statement, wanted) => {
    const { url } = await changed(statement);
    const found = await survey(url);
    if (wanted === null) expect(found.length).toBeGreaterThan(0);
    else expect(short(found)).toContain(wanted);
    for (const { title, metadata, component, key } of found) {
      expect(
        surveyor.knowledge!.filter(({ pattern }) =>
          RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE).matcher(title).find(),
        ),
      ).toHaveLength(1);
      expect(component.length).toBeGreaterThan(0);
      expect(JSON.stringify(metadata).length).toBeLessThan(4_000);
      expect(key).not.toBe('');
    }
  });

  test('with the difference: where the two begin to differ', async () => {
    const { url } = await changed('ALTER TABLE api_logs ALTER method TYPE varchar(77)');
    const [found] = await survey(url);
    expect(found).toMatchObject({
      component: 'api_logs',
      key: 'column api_logs.method',
      metadata: {
        part: 'column api_logs.method',
        expected: expect.stringMatching(/^character varying\(\d+\)/),
        actual: expect.stringMatching(/^character varying\(77\)/),
      },
    });
  });

  test('a missing table alone, without each of its parts; and what is named as meant to be is left out', async () => {
    const { url } = await changed('DROP TABLE page_views CASCADE');
    expect(short(await survey(url))).toEqual(['high: Missing table page_views']);
    expect(await survey(url, { ignored_parts: ['table page_views'] })).toEqual([]);
  });

  test('up to a limit, and then the result says so', async () => {
    const { url } = await changed(
      'DROP POLICY "Checks read" ON bots',
      'DROP POLICY "Checks read" ON profiles',
    );
    const reader = connect(url, { max: 1, readOnly: true });
    onTestFinished(() => reader.destroy());
    expect(await runCheck(surveyor, 'policies', reader, { max_findings: 1 })).toMatchObject({
      truncated: true,
      findings: [{}],
    });
  });
});

test('a table that is being changed is not waited for', async () => {
  const { db, url } = await testDatabase();
  const reader = connect(url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  await db.transaction().execute(async (trx) => {
    await sql`ALTER TABLE page_views DROP COLUMN page_path`.execute(trx);
    await expect(runCheck(surveyor, 'columns', reader)).rejects.toThrow(
      'is being changed; the next run compares it',
    );
  });
  expect((await runCheck(surveyor, 'columns', reader)).findings).toHaveLength(1);
});

describe('migrations', () => {
  const pendingOf = async (db: Db, ...statements: string[]) => {
    for (const each of statements) await sql.raw(each).execute(db);
    return (await runCheck(surveyor, 'migrations', db)).findings;
  };

  test('that are pending are found, and nothing else is compared meanwhile', async () => {
    const { db } = await testDatabase();
    expect(await pendingOf(db)).toEqual([]);
    const last = whole.migrations.at(-1)!;
    const findings = await pendingOf(
      db,
      `DELETE FROM engine.kysely_migration WHERE name = '${last}'`,
    );
    expect(findings).toMatchObject([
      { severity: 'high', key: 'pending', title: `Pending migrations: 1, from ${last} on` },
    ]);
    await expect(runCheck(surveyor, 'columns', db)).rejects.toThrow('migrations are pending (1)');
    await expect(runCheck(surveyor, 'columns', db)).rejects.toThrow(SkippedCheck);
  });

  test('of another version are found', async () => {
    const { db } = await testDatabase();
    const findings = await pendingOf(
      db,
      `INSERT INTO engine.kysely_migration (name, timestamp) VALUES ('zz_99_later', 'x')`,
    );
    expect(findings).toMatchObject([{ severity: 'medium', key: 'unknown' }]);
    await expect(runCheck(surveyor, 'columns', db)).rejects.toThrow('another version');
  });
});

test('a function with any number of arguments keeps its check from nothing', async () => {
  const type = `engine."${'t'.repeat(60)}"`;
  const { url } = await changed(
    `CREATE DOMAIN ${type} AS int`,
    ...[98, 99].map(
      (many) =>
        `CREATE FUNCTION engine.many(${Array(many).fill(type).join(', ')}) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    ),
  );
  const found = (await survey(url)).filter(({ title }) => title.includes('engine.many'));
  expect(new Set(found.map(({ key }) => key)).size).toBe(2);
  readResult({ examined: [], findings: found });
});
