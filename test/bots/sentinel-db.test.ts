/** sentinel-db on a real server: what is wrong is found, what looks like it is not, and what cannot be seen is not called well. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { Client } from 'pg';
import { RE2JS } from 're2js';
import { inject, onTestFinished, expect, test } from 'vitest';
import { sentinelDb } from '../../bots/sentinel-db.ts';
import { analyzeTable } from '../../bots/remedies/db.analyze.ts';
import { vacuumTable } from '../../bots/remedies/db.vacuum.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { botChanges } from '../../src/heal/bot-changes.ts';
import { catalogue } from '../support/builders.ts';
import { applyRemedy, runCheck } from '../support/check.ts';
import { testDatabase } from '../support/database.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';
import { ownPostgres } from '../support/own-servers.ts';
import { administer } from '../support/postgres.ts';

type Options = Parameters<typeof runCheck>[4];

/** A database, and the checks as they read it: with the role of checks. */
async function scene() {
  const { db, url, name } = await testDatabase();
  return { db, url, name, ...asking(url) };
}

function asking(url: string) {
  const reader = connect(url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  const ask = (check: string, config = {}, options: Options = {}) =>
    runCheck(sentinelDb, check, reader, config, options);
  const skips = async (check: string, options: Options = {}) => {
    const error = await ask(check, {}, options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SkippedCheck);
    return (error as Error).message;
  };
  return { reader, ask, skips };
}

async function session(url: string) {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

const later = (minutes: number) => new Date(Date.now() + minutes * 60_000);
const flush = (db: Db) => sql`SELECT pg_stat_force_next_flush()`.execute(db);
const figure = (of: { figures?: { name: string; value: number }[] }, name: string) =>
  of.figures?.find((each) => each.name === name)?.value;

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 600) throw new Error('it never came true');
    await sleep(50);
  }
}

/** A login without any right of a monitor, which may not become the role of checks either. */
async function plainLogin(db: Db, url: string) {
  const name = `plain_${new URL(url).pathname.slice(1)}`;
  await sql.raw(`CREATE ROLE ${name} LOGIN PASSWORD 'plain'`).execute(db);
  onTestFinished(async () => {
    await administer(inject('postgresUrl'), `DROP ROLE IF EXISTS ${name}`);
  });
  const own = new URL(url);
  own.username = name;
  own.password = 'plain';
  return asking(own.href);
}

const matching = (title: string) =>
  sentinelDb
    .knowledge!.filter(({ pattern }) =>
      RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE).matcher(`${title}\n\nx`).find(),
    )
    .map(({ name }) => name);

test('a fresh platform has no finding, and every check that passes gives figures', async () => {
  const { ask } = await scene();
  const skipped: string[] = [];
  for (const { name, remembers } of sentinelDb.checks) {
    const result = await ask(name).catch((error: unknown) => {
      if (!(error instanceof SkippedCheck)) throw error;
      skipped.push(name);
      return null;
    });
    if (!result) continue;
    expect(result.findings, name).toEqual([]);
    const again = remembers
      ? await ask(name, {}, { remembered: result.remember, now: later(10) })
      : result;
    expect(again.findings, name).toEqual([]);
    expect(again.figures, name).not.toEqual([]);
    expect(again.figures!.length, name).toBeLessThanOrEqual(20);
    for (const { name: each } of again.figures!) expect(each.length, each).toBeLessThanOrEqual(50);
  }
  expect(skipped).toEqual(['slow-statements', 'archiver', 'backups']);
});

test('no check waits for a table that is locked, changed or dropped, or fails because of it', async () => {
  const { db, ask } = await scene();
  await db.transaction().execute(async (trx) => {
    await sql`LOCK TABLE profiles, bots, credits`.execute(trx);
    await sql`DROP TABLE page_views CASCADE`.execute(trx);
    await sql`ALTER TABLE api_logs ADD COLUMN more bigserial`.execute(trx);
    for (const { name } of sentinelDb.checks)
      // A check that waited would end after lock_timeout with an error.
      expect(await ask(name).then(() => 'ran', skippedOrThrow), name).toMatch(/^(ran|skipped)$/);
  });
});

const skippedOrThrow = (error: unknown) => {
  if (error instanceof SkippedCheck) return 'skipped';
  throw error;
};

test('connections are counted against those that are not reserved, also those of a limited role', async () => {
  const { db, url, ask, name } = await scene();
  const idle = await ask('connections');
  const used = figure(idle, 'connections used')!;
  const { rows } = await sql<{
    max: number;
  }>`SELECT current_setting('max_connections')::int - 3 AS max`.execute(db);
  expect(figure(idle, 'connections allowed')).toBe(rows[0]!.max);
  const all = { connections_percent: 0, connections_severe_percent: 100 };
  expect((await ask('connections', all)).findings).toMatchObject([
    { severity: 'medium', component: 'connections', key: 'server' },
  ]);
  expect(
    (await ask('connections', { ...all, connections_severe_percent: 0 })).findings[0]!.severity,
  ).toBe('critical');
  expect(used).toBeGreaterThanOrEqual(1);
  // A limit of the database, of which the connections of this test are a part.
  await session(url);
  await sql.raw(`ALTER DATABASE ${name} CONNECTION LIMIT 4`).execute(db);
  const { findings } = await ask('connections', { connections_percent: 60 });
  expect(findings).toMatchObject([{ key: `database ${name}` }]);
  expect(matching(findings[0]!.title)).toEqual(['db.connections']);
});

test('a transaction that was left open is found, a session that does nothing outside of one is not', async () => {
  const { url, ask } = await scene();
  const quiet = await session(url);
  await quiet.query('SELECT 1');
  expect((await ask('old-transactions', {}, { now: later(90) })).findings).toEqual([]);
  const stuck = await session(url);
  await stuck.query(`SET application_name = 'forgetful'`);
  await stuck.query('BEGIN');
  await stuck.query('SELECT 1');
  expect((await ask('old-transactions', {}, { now: later(9) })).findings).toEqual([]);
  expect((await ask('old-transactions', {}, { now: later(11) })).findings).toMatchObject([
    { severity: 'medium', key: 'idle' },
  ]);
  const old = await ask('old-transactions', {}, { now: later(61) });
  expect(old.findings).toMatchObject([
    { severity: 'medium', key: 'oldest', metadata: { sample: [{ application: 'forgetful' }] } },
  ]);
  expect(matching(old.findings[0]!.title)).toEqual(['db.open-transactions']);
  expect((await ask('old-transactions', {}, { now: later(361) })).findings).toMatchObject([
    { severity: 'high' },
  ]);
  const ignored = { ignored_applications: ['forgetful'] };
  expect((await ask('old-transactions', ignored, { now: later(361) })).findings).toEqual([]);
  await stuck.query('ROLLBACK');
  expect((await ask('old-transactions', {}, { now: later(361) })).findings).toEqual([]);
});

test('a login that may not see other sessions knows a transaction from its first sight on, and says how to see more', async () => {
  const { db, url } = await scene();
  const plain = await plainLogin(db, url);
  const stuck = await session(url);
  await stuck.query('BEGIN');
  await stuck.query('SELECT 1');
  const first = await plain.ask('old-transactions', {}, { now: later(0) });
  expect(first.findings).toEqual([]);
  // Nothing was seen that could be called well.
  expect(first.examined).toEqual(['prepared']);
  expect(figure(first, 'transactions with hidden times')).toBe(1);
  const { remember: remembered } = first;
  const after = (minutes: number) =>
    plain.ask('old-transactions', {}, { now: later(minutes), remembered });
  expect((await after(58)).findings).toEqual([]);
  expect((await after(61)).findings).toMatchObject([{ key: 'oldest', severity: 'medium' }]);
  expect((await after(61)).examined).toEqual(['prepared', 'oldest']);
  await stuck.query('COMMIT');
  await stuck.query('BEGIN');
  expect((await after(61)).findings).toEqual([]);
  const hidden = await plain.ask('visible-sessions', {}, { now: later(0) });
  expect(hidden.findings).toMatchObject([
    { severity: 'low', description: expect.stringContaining('GRANT pg_monitor TO plain_test_') },
  ]);
  expect(matching(hidden.findings[0]!.title)).toEqual(['db.hidden-sessions']);
  // All sessions count, also those of which only the role is visible.
  const [seen, hides] = [
    await asking(url).ask('connections'),
    await plain.ask('connections', {}, { now: later(0) }),
  ];
  expect(figure(hides, 'connections used')).toBeGreaterThanOrEqual(
    figure(seen, 'connections used')! - 2,
  );
});

test('sessions that wait for a lock are found with the one behind which they wait, by any login', async () => {
  const { db, url, ask: askAsReader } = await scene();
  const plain = await plainLogin(db, url);
  expect((await askAsReader('blocked-sessions')).figures).toMatchObject([
    { value: 0 },
    { value: 0 },
  ]);
  const [head, waits] = [await session(url), await session(url)];
  await head.query('BEGIN');
  await head.query('LOCK TABLE profiles');
  const { rows: heads } = await head.query('SELECT pg_backend_pid() AS pid');
  const waiting = waits.query('SELECT count(*) FROM profiles');
  await until(async () => {
    const { rows } = await sql`SELECT FROM pg_locks WHERE NOT granted AND waitstart IS NOT NULL
      AND relation = 'profiles'::regclass`.execute(db);
    return rows.length > 0;
  });
  for (const { ask } of [{ ask: askAsReader }, plain]) {
    expect((await ask('blocked-sessions', {}, { now: later(0) })).findings).toEqual([]);
    expect((await ask('blocked-sessions', {}, { now: later(1) })).findings).toMatchObject([
      {
        severity: 'medium',
        title: expect.stringContaining(`behind process ${heads[0].pid}`),
        metadata: { sample: [{ relation: 'profiles', blockers: [heads[0].pid] }] },
      },
    ]);
  }
  const { findings } = await askAsReader('blocked-sessions', {}, { now: later(6) });
  expect(findings).toMatchObject([{ severity: 'high' }]);
  expect(matching(findings[0]!.title)).toEqual(['db.blocked-sessions']);
  await head.query('COMMIT');
  await waiting;
  expect((await askAsReader('blocked-sessions', {}, { now: later(6) })).findings).toEqual([]);
});

/** 12,000 rows of which `dead` are deleted. */
async function dying(db: Db, table: string, dead: number) {
  await sql.raw(`CREATE TABLE ${table} (id int) WITH (autovacuum_enabled = off)`).execute(db);
  await sql.raw(`INSERT INTO ${table} SELECT generate_series(1, 12000)`).execute(db);
  await sql.raw(`DELETE FROM ${table} WHERE id <= ${dead}`).execute(db);
}

const night = new Date('2026-03-01T23:30:00Z');
const noon = new Date('2026-03-01T12:00:00Z');

test('dead rows are found from 20 and 40 percent on, in tables that are not small', async () => {
  const { db, ask } = await scene();
  await dying(db, 'few', 2_390);
  await dying(db, 'several', 2_410);
  await dying(db, 'many', 4_810);
  await sql`CREATE SCHEMA "Other"`.execute(db);
  await dying(db, '"Other"."Mä""ny"', 6_000);
  await sql`CREATE TABLE small (id int) WITH (autovacuum_enabled = off)`.execute(db);
  await sql`INSERT INTO small SELECT generate_series(1, 9000)`.execute(db);
  await sql`DELETE FROM small`.execute(db);
  await flush(db);
  const { findings, figures, examined } = await ask('dead-rows');
  expect(findings.map(({ component, severity }) => [component, severity])).toEqual([
    ['Other.Mä"ny', 'medium'],
    ['many', 'medium'],
    ['several', 'low'],
  ]);
  expect(figure({ figures: figures! }, 'tables judged')).toBe(4);
  expect(examined).toMatchObject({ except: [] });
  expect(findings.map(({ title }) => matching(title))).toEqual([
    ['db.dead-rows-wait'],
    ['db.dead-rows-wait'],
    ['db.dead-rows-wait'],
  ]);
  expect(await ask('dead-rows', { max_findings: 2 })).toMatchObject({
    truncated: true,
    findings: [{}, {}],
  });
});

test('VACUUM of a table of the platform may run outside of the peak, and takes the dead rows away', async () => {
  const { db, url, ask } = await scene();
  await sql`ALTER TABLE tools_usage SET (autovacuum_enabled = off)`.execute(db);
  await sql`ALTER TABLE page_views SET (autovacuum_enabled = off)`.execute(db);
  await sql`INSERT INTO page_views (page_path) SELECT '/' || n FROM generate_series(1, 12000) n`.execute(
    db,
  );
  await sql`DELETE FROM page_views WHERE substr(page_path, 2)::int <= 6000`.execute(db);
  await flush(db);
  const found = async (now: Date, config = {}) =>
    (await ask('dead-rows', config, { now })).findings;
  const [atNight] = await found(night);
  expect(atNight).toMatchObject({ component: 'page_views', severity: 'medium' });
  expect(matching(atNight!.title)).toEqual(['db.dead-rows']);
  const [atNoon] = await found(noon);
  expect(matching(atNoon!.title)).toEqual(['db.dead-rows-wait']);
  expect(atNoon!.description).toContain('VACUUM waits for 22:00 (UTC)');
  // 12:00 in UTC is 22:00 in Brisbane.
  const [away] = await found(noon, { vacuum_zone: 'Australia/Brisbane' });
  expect(matching(away!.title)).toEqual(['db.dead-rows']);
  const [between] = await found(noon, { vacuum_from: '11:00', vacuum_until: '12:00' });
  expect(matching(between!.title)).toEqual(['db.dead-rows-wait']);
  // A prepared or forgotten transaction would keep the rows.
  const stuck = await session(url);
  await stuck.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await stuck.query('SELECT 1');
  const [held] = await found(later(0) > night ? later(24 * 60) : night, {
    vacuum_from: '00:00',
    vacuum_until: '23:59',
  });
  expect(matching(held!.title)).toEqual(['db.dead-rows-wait']);
  await stuck.query('ROLLBACK');
  const { metadata: _, ...evidence } = {
    metadata: null,
    ...(await vacuumTable.apply(vacuumTable.params.parse({}) as never, {
      ...botChanges(db),
      db,
      target: { fingerprint: 'f', component: 'page_views', key: 'page_views', metadata: {} },
      key: 'one application',
      secret: (name) => name,
      now: night,
      signal: new AbortController().signal,
    })),
  };
  expect(evidence.summary).toBe('vacuumed page_views');
  expect(await found(night)).toEqual([]);
});

test('an engine vacuums and analyses by itself: the playbooks take the table from the finding', async () => {
  const known = catalogue([sentinelDb], [vacuumTable, analyzeTable]);
  const engine = await anEngine({ name: 'postgres' }, known);
  const { db } = engine;
  await sql`ALTER TABLE page_views SET (autovacuum_enabled = off)`.execute(db);
  await sql`INSERT INTO page_views (page_path) SELECT '/' || n FROM generate_series(1, 30000) n`.execute(
    db,
  );
  await sql`DELETE FROM page_views WHERE substr(page_path, 2)::int <= 15000`.execute(db);
  await flush(db);
  const config = JSON.stringify({ vacuum_from: '00:00', vacuum_until: '00:00' });
  await sql`UPDATE bots SET config = ${config}::jsonb WHERE name = 'sentinel-db'`.execute(db);
  expect(await run(engine, 'sentinel-db', { max_attempts: 1 })).toMatchObject({
    status: 'success',
    actions_taken: 2,
  });
  const { rows } = await sql`
    SELECT action_type, state FROM bot_actions ORDER BY action_type`.execute(db);
  expect(rows).toEqual([
    { action_type: 'db.analyze', state: 'verified' },
    { action_type: 'db.vacuum', state: 'verified' },
  ]);
});

test('a remedy refuses a finding about anything that is no table of the platform', async () => {
  const { db } = await scene();
  const target = { component: 'profiles; DROP TABLE bots' };
  await expect(applyRemedy(analyzeTable, db, {}, { target })).rejects.toThrow(
    'no table that this remedy knows',
  );
});

test('stale statistics are found, and gone when the table was analysed', async () => {
  const { db, ask } = await scene();
  await sql`ALTER TABLE page_views SET (autovacuum_enabled = off)`.execute(db);
  await sql`INSERT INTO page_views (page_path) SELECT '/' || n FROM generate_series(1, 9999) n`.execute(
    db,
  );
  await flush(db);
  expect((await ask('stale-statistics')).findings).toEqual([]);
  await sql`INSERT INTO page_views (page_path) VALUES ('/')`.execute(db);
  await flush(db);
  const [found] = (await ask('stale-statistics')).findings;
  expect(found).toMatchObject({ severity: 'low', component: 'page_views' });
  expect(matching(found!.title)).toEqual(['db.stale-statistics']);
  await applyRemedy(analyzeTable, db, {}, { target: { component: 'page_views' } });
  expect((await ask('stale-statistics')).findings).toEqual([]);
});

test('the age of each database is judged, in transactions and in multixacts', async () => {
  const { ask, name } = await scene();
  const { findings, figures } = await ask('wraparound');
  expect(findings).toEqual([]);
  expect(figure({ figures: figures! }, 'age of the oldest transaction id')).toBeGreaterThan(0);
  const low = { wraparound_age: 1, wraparound_severe_age: 1_000_000_000, max_findings: 1_000 };
  const aged = await ask('wraparound', low);
  expect(aged.findings.find(({ component }) => component === name)).toMatchObject({
    severity: 'high',
  });
  expect(aged.findings.every(({ title }) => matching(title)[0] === 'db.wraparound')).toBe(true);
  expect((await ask('wraparound', { ...low, wraparound_severe_age: 1 })).findings[0]).toMatchObject(
    {
      severity: 'critical',
    },
  );
});

test.each([
  [
    'an integer column behind a bigint sequence',
    "id int DEFAULT nextval('s')",
    'AS bigint',
    1_825_361_101,
    'high',
  ],
  [
    'an integer column, just below',
    "id int DEFAULT nextval('s')",
    'AS bigint',
    1_825_361_099,
    null,
  ],
  [
    'a smallint column, nearly full',
    "id smallint DEFAULT nextval('s')",
    'AS bigint',
    32_000,
    'critical',
  ],
  ['a bigint column', "id bigint DEFAULT nextval('s')", 'AS bigint', 2_147_483_647, null],
  [
    'a domain over integer',
    "id whole DEFAULT nextval('s')",
    'AS bigint',
    2_147_483_647,
    'critical',
  ],
  [
    'a descending one',
    "id int DEFAULT nextval('s')",
    'AS bigint INCREMENT -1',
    -1_900_000_000,
    'high',
  ],
  ['one that begins again', 'id int', 'AS int CYCLE', 2_147_483_600, null],
  ['one that no table uses', 'id int', 'AS int', 2_147_483_600, 'critical'],
  ['one with a small range', 'id int', 'MINVALUE 10 MAXVALUE 20', 19, 'high'],
])('a sequence: %s', async (_, column, options, last, severity) => {
  const { db, ask } = await scene();
  await sql`CREATE DOMAIN whole AS int`.execute(db);
  await sql.raw(`CREATE SEQUENCE s ${options}`).execute(db);
  await sql.raw(`CREATE TABLE numbered (${column})`).execute(db);
  await sql.raw(`SELECT setval('s', ${last})`).execute(db);
  await sql`GRANT SELECT ON SEQUENCE s TO roundsman_reader`.execute(db);
  const { findings } = await ask('sequences');
  expect(findings.map((found) => [found.component, found.severity])).toEqual(
    severity === null ? [] : [['s', severity]],
  );
  for (const { title } of findings) expect(matching(title)).toEqual(['db.sequence']);
});

test('an identity column is judged by its type; a sequence that is hidden or locked is not called well', async () => {
  const { db, url, ask } = await scene();
  await sql`CREATE TABLE numbered (id smallint GENERATED ALWAYS AS IDENTITY)`.execute(db);
  await sql`SELECT setval('numbered_id_seq', 32760)`.execute(db);
  await sql`REVOKE ALL ON SEQUENCE numbered_id_seq FROM roundsman_reader`.execute(db);
  expect((await ask('sequences')).examined).toMatchObject({ except: ['numbered_id_seq'] });
  await sql`SELECT engine.let_checks_read()`.execute(db);
  expect((await ask('sequences')).findings).toMatchObject([{ component: 'numbered_id_seq' }]);
  const alters = await session(url);
  await alters.query('BEGIN');
  await alters.query('ALTER SEQUENCE numbered_id_seq RESTART');
  const locked = await ask('sequences');
  expect(locked.findings).toEqual([]);
  expect(locked.examined).toMatchObject({ except: ['numbered_id_seq'] });
  await alters.query('ROLLBACK');
  const plain = await plainLogin(db, url);
  await sql`CREATE SEQUENCE more`.execute(db);
  expect(await plain.skips('sequences', { now: later(0) })).toMatch(
    /^no sequence may be read: GRANT SELECT .* TO plain_test_/,
  );
});

test('blocks, rollbacks and deadlocks are counted since the last run; a reset begins anew', async () => {
  const { db, url, ask } = await scene();
  const counted = async (check: string, remembered: unknown, config = {}, minutes = 10) => {
    await flush(db);
    return ask(check, config, { remembered, now: later(minutes) });
  };
  const first = await counted('rollbacks', null, {}, 0);
  expect(first).toMatchObject({ examined: [], findings: [] });
  const client = await session(url);
  for (let n = 0; n < 30; n += 1) await client.query('SELECT 1 / 0').catch(() => {});
  for (let n = 0; n < 100; n += 1) await client.query('SELECT 1');
  await client.query('SELECT pg_stat_force_next_flush()');
  const few = await counted('rollbacks', first.remember, { min_transactions: 10_000 });
  // Too little: the check goes on counting from where it was.
  expect(few).toMatchObject({ examined: [], findings: [] });
  expect(few.remember).toBeUndefined();
  const enough = await counted('rollbacks', first.remember);
  expect(enough.findings).toMatchObject([
    { severity: 'medium', title: expect.stringMatching(/^Rollbacks: [12]\d/) },
  ]);
  expect(
    (await counted('rollbacks', first.remember, { max_rollback_percent: 50 })).findings,
  ).toEqual([]);
  const cache = await counted('cache', null, {}, 0);
  await client.query(
    'SELECT count(*) FROM generate_series(1, 3000) n JOIN pg_class c ON c.oid = n::oid',
  );
  await client.query('SELECT pg_stat_force_next_flush()');
  const warm = await counted('cache', cache.remember, { min_blocks: 1 });
  expect(warm.examined).toHaveLength(1);
  expect(figure(warm, 'blocks read')).toBeGreaterThan(0);
  const strict = await counted('cache', cache.remember, { min_blocks: 1, min_cache_percent: 100 });
  expect(strict.findings).toHaveLength(
    figure(strict, 'share of blocks found in memory')! < 100 ? 1 : 0,
  );
  await sql`SELECT pg_stat_reset()`.execute(db);
  const anew = await counted('rollbacks', enough.remember);
  expect(anew).toMatchObject({
    examined: [],
    findings: [],
    remember: { commits: expect.any(Number) },
  });
  // After a crash counters begin at zero without a time of it.
  const crashed = { ...(anew.remember as object), commits: 1e12 };
  expect(await counted('rollbacks', crashed)).toMatchObject({ examined: [], findings: [] });
  expect(await counted('rollbacks', 'nonsense')).toMatchObject({ examined: [], findings: [] });
});

test('a cache that misses is found', async () => {
  const { db, url, ask } = await scene();
  const { remember: remembered } = await ask('cache', {}, { now: later(0) });
  const client = await session(url);
  // A table that is larger than what the session keeps of it: each look reads all of it from the disk again.
  await client.query('SET temp_buffers = 100');
  await client.query('CREATE TEMP TABLE cold (filler text STORAGE PLAIN)');
  await client.query(`INSERT INTO cold SELECT repeat('.', 8000) FROM generate_series(1, 1000)`);
  for (let looks = 0; looks < 15; looks += 1) await client.query('SELECT count(*) FROM cold');
  await client.query('SELECT pg_stat_force_next_flush()');
  await flush(db);
  const since = { remembered, now: later(10) };
  const { findings } = await ask('cache', { min_blocks: 10_000 }, since);
  expect(findings).toMatchObject([
    { severity: 'low', title: expect.stringMatching(/^Cache: only \d/) },
  ]);
  expect(matching(findings[0]!.title)).toEqual(['db.cache']);
  // A small database reads little, and most of it for the first time.
  expect(await ask('cache', {}, since)).toMatchObject({ examined: [], findings: [] });
});

test('a deadlock is found for an hour', async () => {
  const { db, url, ask } = await scene();
  await sql`CREATE TABLE pair AS SELECT n FROM generate_series(1, 2) n`.execute(db);
  await flush(db);
  const first = await ask('deadlocks', {}, { now: later(0) });
  const [one, other] = [await session(url), await session(url)];
  for (const each of [one, other]) await each.query(`SET deadlock_timeout = '10ms'`);
  await one.query('BEGIN');
  await other.query('BEGIN');
  await one.query('UPDATE pair SET n = n WHERE n = 1');
  await other.query('UPDATE pair SET n = n WHERE n = 2');
  await Promise.allSettled([
    one.query('UPDATE pair SET n = n WHERE n = 2'),
    other.query('UPDATE pair SET n = n WHERE n = 1'),
  ]);
  for (const each of [one, other]) {
    await each.query('ROLLBACK');
    await each.query('SELECT pg_stat_force_next_flush()');
  }
  const found = await ask('deadlocks', {}, { remembered: first.remember, now: later(10) });
  expect(found.findings).toMatchObject([
    { severity: 'medium', title: 'Deadlocks: 1 within an hour' },
  ]);
  expect(matching(found.findings[0]!.title)).toEqual(['db.deadlocks']);
  const still = await ask('deadlocks', {}, { remembered: found.remember, now: later(50) });
  expect(still.findings).toHaveLength(1);
  const over = await ask('deadlocks', {}, { remembered: still.remember, now: later(75) });
  expect(over.findings).toEqual([]);
  expect(over.examined).toHaveLength(1);
});

test('an index that could not be built is found, one that is being built is not', async () => {
  const { db, url, ask } = await scene();
  await sql`CREATE TABLE twins AS SELECT 1 AS id FROM generate_series(1, 2)`.execute(db);
  const builds = await session(url);
  // It waits for a transaction that began before it.
  const old = await session(url);
  await old.query('BEGIN');
  await old.query('INSERT INTO twins VALUES (2)');
  const building = builds
    .query('CREATE UNIQUE INDEX CONCURRENTLY twins_id ON twins (id)')
    .catch((error) => error);
  await until(async () => {
    const { rows } =
      await sql`SELECT FROM pg_index WHERE indexrelid = to_regclass('twins_id')`.execute(db);
    return rows.length > 0;
  });
  expect((await ask('invalid-indexes')).findings).toEqual([]);
  await old.query('COMMIT');
  expect(await building).toMatchObject({ code: '23505' });
  const { findings } = await ask('invalid-indexes');
  expect(findings).toMatchObject([{ severity: 'high', component: 'twins_id' }]);
  expect(matching(findings[0]!.title)).toEqual(['db.invalid-index']);
});

test('indexes that repeat another one are found, those that only look so are not', async () => {
  const { db, ask } = await scene();
  for (const statement of [
    'CREATE TABLE things (id int PRIMARY KEY, a int, b text COLLATE "C", c jsonb)',
    // They look alike.
    'CREATE INDEX a_b ON things (a, b)',
    'CREATE INDEX b_a ON things (b, a)',
    'CREATE INDEX a_desc ON things (a DESC)',
    'CREATE INDEX a_part ON things (a) WHERE a > 1',
    'CREATE INDEX a_other ON things (a) WHERE a > 2',
    'CREATE INDEX a_with ON things (a) INCLUDE (b)',
    'CREATE INDEX a_hash ON things USING hash (a)',
    'CREATE INDEX b_pattern ON things (b text_pattern_ops)',
    'CREATE INDEX b_collated ON things (b COLLATE "POSIX")',
    'CREATE INDEX b_lower ON things (lower(b))',
    'CREATE INDEX b_upper ON things (upper(b))',
    'CREATE INDEX c_gin ON things USING gin (c)',
    'CREATE INDEX c_path ON things USING gin (c jsonb_path_ops)',
  ])
    await sql.raw(statement).execute(db);
  expect((await ask('duplicate-indexes')).findings).toEqual([]);
  for (const statement of [
    'CREATE INDEX again_id ON things (id)',
    'CREATE UNIQUE INDEX again_unique ON things (id)',
    'CREATE INDEX again_lower   ON things ( lower(b) )',
    'CREATE INDEX again_part ON things (a)   WHERE   a > 1',
    'CREATE INDEX again_path ON things USING gin (c jsonb_path_ops)',
  ])
    await sql.raw(statement).execute(db);
  const { findings } = await ask('duplicate-indexes');
  expect(
    findings.map(({ component, metadata }) => [component, metadata!.other]).toSorted(),
  ).toEqual([
    ['again_id', 'things_pkey'],
    ['again_lower', 'b_lower'],
    ['again_part', 'a_part'],
    ['again_path', 'c_path'],
    ['again_unique', 'things_pkey'],
  ]);
  expect(matching(findings[0]!.title)).toEqual(['db.superfluous-index']);
  const ignored = { ignored_indexes: findings.map(({ component }) => component) };
  // Then those of the documented schema are no longer left out.
  expect(
    (await ask('duplicate-indexes', ignored)).findings.map(({ component }) => component).toSorted(),
  ).toEqual([
    'idx_profiles_email',
    'idx_sessions_token',
    'idx_subscriptions_provider',
    'idx_transactions_provider',
  ]);
});

test('a unique index that forbids more than its twin is no duplicate of it', async () => {
  const { db, ask } = await scene();
  for (const statement of [
    'CREATE TABLE things (id int PRIMARY KEY, a int, b int, c int, UNIQUE (b) DEFERRABLE)',
    'CREATE UNIQUE INDEX a_unique ON things (a)',
    'CREATE UNIQUE INDEX a_one_null ON things (a) NULLS NOT DISTINCT',
    // ON CONFLICT and foreign keys need an index that is checked at once.
    'CREATE UNIQUE INDEX b_at_once ON things (b)',
    'CREATE UNIQUE INDEX c_one_null ON things (c) NULLS NOT DISTINCT',
    'CREATE UNIQUE INDEX c_unique ON things (c)',
  ])
    await sql.raw(statement).execute(db);
  const { findings } = await ask('duplicate-indexes');
  expect(
    findings.map(({ component, metadata }) => [component, metadata!.other]).toSorted(),
  ).toEqual([
    ['a_unique', 'a_one_null'],
    ['c_unique', 'c_one_null'],
  ]);
});

test('an index is unused when it was seen so for 35 days by statistics that are as old', async () => {
  const { db, ask } = await scene();
  await sql`CREATE TABLE things AS SELECT n AS id FROM generate_series(1, 1000) n`.execute(db);
  await sql`CREATE INDEX things_id ON things (id)`.execute(db);
  await sql`CREATE UNIQUE INDEX things_unique ON things (id)`.execute(db);
  await sql`ANALYZE things`.execute(db);
  const all = { unused_min_mb: 0, ignored_schemas: ['engine'] };
  const mine = (of: Awaited<ReturnType<typeof ask>>) =>
    of.findings
      .filter(({ metadata }) => metadata!.table === 'things')
      .map(({ component }) => component);
  const day = 24 * 60;
  const look = (days: number, remembered: unknown, config = {}) =>
    ask('unused-indexes', { ...all, ...config }, { now: later(days * day), remembered });
  const first = await look(0, null);
  expect(mine(first)).toEqual([]);
  expect(JSON.stringify(first.remember).length).toBeLessThan(16_000);
  expect(mine(await look(34, first.remember))).toEqual([]);
  const late = await look(36, first.remember);
  expect(mine(late)).toEqual(['things_id']);
  expect(matching(late.findings[0]!.title)).toEqual(['db.superfluous-index']);
  expect(mine(await look(36, first.remember, { unused_min_mb: 10 }))).toEqual([]);
  // A new one has not been there for so long.
  await sql`CREATE INDEX newer ON things (id) WHERE id > 5`.execute(db);
  expect(mine(await look(36, first.remember))).toEqual(['things_id']);
  // After a reset nothing is known of what came before.
  await sql`SELECT pg_stat_reset()`.execute(db);
  expect(mine(await look(36, late.remember))).toEqual([]);
});

test('an unused index is said to serve a foreign key where no other one does', async () => {
  const { db, ask } = await scene();
  await sql`CREATE TABLE parent (id int, part int, PRIMARY KEY (id, part))`.execute(db);
  await sql`CREATE TABLE child (id int, part int, n int, CONSTRAINT of_parent FOREIGN KEY (id, part) REFERENCES parent)`.execute(
    db,
  );
  await sql`CREATE INDEX child_key ON child (part, id, n)`.execute(db);
  await sql`CREATE INDEX child_n ON child (n, id, part)`.execute(db);
  const all = { unused_min_mb: 0, ignored_schemas: ['engine'], max_findings: 1_000 };
  const keys = async () => {
    const first = await ask('unused-indexes', all, { now: later(0) });
    const late = await ask('unused-indexes', all, {
      now: later(36 * 24 * 60),
      remembered: first.remember,
    });
    return Object.fromEntries(
      late.findings
        .filter(({ metadata }) => metadata!.table === 'child')
        .map(({ component, metadata, description }) => {
          expect(/only index for the foreign key of_parent/.test(description!)).toBe(
            metadata!.foreign_key !== null,
          );
          return [component, metadata!.foreign_key];
        }),
    );
  };
  expect(await keys()).toEqual({ child_key: 'of_parent', child_n: null });
  await sql`CREATE INDEX child_other ON child (id, part)`.execute(db);
  expect(await keys()).toEqual({ child_key: null, child_n: null, child_other: null });
});

test('triggers and foreign keys that are switched off are found, those of others are not', async () => {
  const { db, ask } = await scene();
  await sql`CREATE TABLE parent (id int PRIMARY KEY)`.execute(db);
  await sql`CREATE TABLE child (parent int CONSTRAINT of_parent REFERENCES parent)`.execute(db);
  await sql`ALTER TABLE child DISABLE TRIGGER ALL`.execute(db);
  await sql`CREATE TRIGGER touch BEFORE UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`.execute(
    db,
  );
  await sql`ALTER TABLE parent DISABLE TRIGGER touch`.execute(db);
  const { findings } = await ask('disabled-triggers');
  expect(findings.map(({ severity, component, key }) => [severity, component, key])).toEqual([
    ['high', 'child', 'child.of_parent'],
    ['medium', 'parent', 'parent.touch'],
  ]);
  for (const { title } of findings) expect(matching(title)).toEqual(['db.disabled-trigger']);
  expect((await ask('disabled-triggers', { ignored_schemas: ['public'] })).findings).toEqual([]);
  await sql`ALTER TABLE child ENABLE TRIGGER ALL`.execute(db);
  await sql`ALTER TABLE parent ENABLE REPLICA TRIGGER touch`.execute(db);
  expect((await ask('disabled-triggers')).findings).toEqual([]);
});

test('growth is judged by a day, and by when a limit is reached', async () => {
  const { ask } = await scene();
  const { figures, remember, findings } = await ask('size', {}, { now: later(0) });
  expect(findings).toEqual([]);
  const size = figure({ figures: figures! }, 'database size')!;
  expect(size).toBeGreaterThan(5_000_000);
  const [[at]] = remember as [[number, number]];
  const grown = (bytes: number, hours: number, config = {}) =>
    ask(
      'size',
      { min_growth_mb: 1, ...config },
      { remembered: [[at - hours * 3_600, size - bytes]], now: later(0) },
    );
  expect((await grown(3_000_000, 24)).findings).toMatchObject([
    { severity: 'medium', key: 'growth' },
  ]);
  expect((await grown(3_000_000, 24, { min_growth_mb: 10 })).findings).toEqual([]);
  expect((await grown(3_000_000, 24, { max_growth_percent: 90 })).findings).toEqual([]);
  // Four hours say nothing about a day.
  expect(await grown(3_000_000, 4)).toMatchObject({ findings: [], examined: ['room'] });
  const limit = (more: number) => ({
    max_size_gb: (size + more) / 1_024 ** 3,
    max_growth_percent: 90,
  });
  expect((await grown(1_000_000, 24, limit(29_000_000))).findings).toMatchObject([
    { severity: 'medium', key: 'room' },
  ]);
  expect((await grown(1_000_000, 24, limit(31_000_000))).findings).toEqual([]);
  const full = await grown(0, 24, limit(-1_000));
  expect(full.findings).toMatchObject([{ severity: 'high', key: 'room' }]);
  for (const { title } of full.findings) expect(matching(title)).toEqual(['db.growth']);
  expect((await grown(-1_000_000, 24, limit(1_000))).findings).toEqual([]);
});

test(
  'slots, the archiver and slow statements, on a server that has them',
  { timeout: 120_000 },
  async () => {
    const server = await ownPostgres();
    await administer(
      server.url,
      'ALTER SYSTEM SET archive_mode = on',
      `ALTER SYSTEM SET archive_command = 'false'`,
      `ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`,
      'ALTER SYSTEM SET wal_level = logical',
      'CREATE EXTENSION pg_stat_statements',
    );
    const off = asking(server.url);
    expect(await off.skips('slow-statements')).toContain('shared_preload_libraries');
    expect(await off.skips('archiver')).toBe('archive_mode is off: the server archives no WAL');
    await server.kill();
    await server.start();
    const { ask } = asking(server.url);
    const { db, url } = server;
    expect((await ask('inactive-slots')).findings).toEqual([]);
    await sql`SELECT pg_create_physical_replication_slot('standby', true)`.execute(db);
    await sql`SELECT pg_create_logical_replication_slot('stream', 'pgoutput')`.execute(db);
    // Nothing is kept for one that was never used.
    await sql`SELECT pg_create_physical_replication_slot('unused')`.execute(db);
    const first = await ask('inactive-slots', {}, { now: later(0) });
    expect(first.findings).toEqual([]);
    const hour = await ask('inactive-slots', {}, { now: later(61), remembered: first.remember });
    expect(
      hour.findings.map(({ component, severity }) => [component, severity]).toSorted(),
    ).toEqual([
      ['standby', 'medium'],
      ['stream', 'medium'],
    ]);
    await sql`SELECT pg_switch_wal()`.execute(db);
    await sql`SELECT pg_logical_emit_message(false, 'x', repeat('x', 2000000))`.execute(db);
    const large = await ask(
      'inactive-slots',
      { slot_severe_mb: 1 },
      { now: later(1), remembered: first.remember },
    );
    expect(large.findings).toMatchObject([{ severity: 'high' }, { severity: 'high' }]);
    for (const { title } of large.findings) expect(matching(title)).toEqual(['db.inactive-slot']);
    await until(async () => (await ask('archiver')).findings.length > 0);
    const failing = await ask('archiver');
    expect(failing.findings).toMatchObject([{ severity: 'high', key: 'fails' }]);
    expect(matching(failing.findings[0]!.title)).toEqual(['db.archiver']);
    await administer(url, `ALTER SYSTEM SET archive_command = 'true'`, 'SELECT pg_reload_conf()');
    await sql`SELECT pg_switch_wal()`.execute(db);
    await until(
      async () => !(await ask('archiver')).findings.some(({ severity }) => severity === 'high'),
    );
    const works = await ask(
      'archiver',
      {},
      { remembered: { ...(failing.remember as object), failed: 0 } },
    );
    expect(works.findings).toMatchObject([{ severity: 'low', key: 'fails' }]);
    const calm = await ask('archiver', {}, { remembered: works.remember });
    expect(calm).toMatchObject({ findings: [], examined: ['fails', 'waiting'] });
    expect(
      (await ask('archiver', { max_unarchived_segments: 1 }, { remembered: works.remember }))
        .findings,
    ).toEqual([]);

    const before = await ask('slow-statements', {}, { now: later(0) });
    expect(before).toMatchObject({ examined: [], findings: [] });
    const client = await session(url);
    await client.query(`ALTER ROLE postgres SET application_name = 'secret'`);
    for (let n = 0; n < 5; n += 1)
      await client.query('SELECT pg_sleep(0.02), $1::text', ['a secret']);
    const slow = await ask(
      'slow-statements',
      { slow_ms: 15 },
      { now: later(10), remembered: before.remember },
    );
    const found = slow.findings.find(({ title }) => title.includes('pg_sleep'));
    expect(found).toMatchObject({
      severity: 'low',
      component: 'statements',
      metadata: { calls: 5 },
    });
    expect(JSON.stringify(slow)).not.toContain('secret');
    expect(matching(found!.title)).toEqual(['db.slow-statement']);
    expect(
      (
        await ask(
          'slow-statements',
          { slow_ms: 15, min_calls: 6 },
          { now: later(10), remembered: before.remember },
        )
      ).findings.filter(({ title }) => title.includes('pg_sleep')),
    ).toEqual([]);
    // What was slow before is no longer compared with.
    const hourLater = await ask(
      'slow-statements',
      {},
      { now: later(61), remembered: before.remember },
    );
    const next = await ask(
      'slow-statements',
      {},
      { now: later(122), remembered: hourLater.remember },
    );
    const last = await ask(
      'slow-statements',
      { slow_ms: 15 },
      { now: later(123), remembered: next.remember },
    );
    expect(last.findings.filter(({ title }) => title.includes('pg_sleep'))).toEqual([]);
    expect(JSON.stringify(next.remember).length).toBeLessThan(16_000);
  },
);

/** A backup so many hours ago. */
const addBackup = (
  db: Db,
  hours: number,
  { proven = true, error = null as string | null, outcome = 'success' } = {},
) =>
  sql`
  INSERT INTO engine.backups (outcome, target, folder, host, encrypted, requested_by, server_version, bytes, sha256, tables, rows, left_out,
    began_at, taken_at, ended_at, proven_at, proof_failed_at, proof_error, error_message)
  SELECT ${outcome}, 'folder', '/b', 'h', false, 'ann', '18.4', 1, repeat('0', 64), 1, 1, 0, at, at, at,
         CASE WHEN ${proven} AND ${outcome} = 'success' THEN at END,
         CASE WHEN ${error}::text IS NOT NULL AND ${outcome} = 'success' THEN at END,
         CASE WHEN ${outcome} = 'success' THEN ${error}::text END, CASE WHEN ${outcome} <> 'success' THEN ${error}::text END
  FROM (SELECT engine.now() - make_interval(mins => ${Math.round(hours * 60)}) AS at) moment`.execute(
    db,
  );

test('backups: none is made here, and the check says how; a set folder without any is a finding after a day and a half', async () => {
  const { db, ask, skips } = await scene();
  expect(await skips('backups')).toContain('npx roundsman settings backup_folder');
  const set = (hours: number) =>
    sql`INSERT INTO engine.settings (key, value, changed_at) VALUES ('backup_folder', '"/b"', engine.now() - make_interval(hours => ${hours}))
        ON CONFLICT (key) DO UPDATE SET changed_at = excluded.changed_at`.execute(db);
  await set(20);
  expect((await ask('backups')).findings).toEqual([]);
  await set(40);
  expect((await ask('backups')).findings).toMatchObject([
    { key: 'age', severity: 'high', title: 'No backup has succeeded for 40 hours' },
  ]);
});

test('backups: a single one by hand, as before an upgrade, is no plan that was broken', async () => {
  const { db, ask, skips } = await scene();
  await addBackup(db, 2_000);
  expect(await skips('backups')).toContain('one backup was made by hand');
  await addBackup(db, 1_900);
  expect((await ask('backups')).findings).toMatchObject([{ key: 'age' }, { key: 'proof' }]);
});

test('backups: a new proven one is well, also beside older failures and a newer one without a proof', async () => {
  const { db, ask } = await scene();
  await addBackup(db, 70, { outcome: 'failed', error: 'a disk is full' });
  await addBackup(db, 45, { proven: false, error: 'rows differ' });
  await addBackup(db, 20);
  await addBackup(db, 1, { proven: false });
  const result = await ask('backups');
  expect(result.findings).toEqual([]);
  expect(figure(result, 'backups that are known')).toBe(4);
  expect(figure(result, 'age of the newest proven backup')).toBeCloseTo(20, 1);
});

test('backups: an old one, one that was never proven, and a failure of the newest are findings with their reasons', async () => {
  const { db, ask } = await scene();
  await addBackup(db, 80, { proven: false });
  await addBackup(db, 2, { outcome: 'failed', error: 'ENOSPC: no space left' });
  const { findings } = await ask('backups');
  expect(findings).toMatchObject([
    { key: 'age', severity: 'critical', title: 'The newest backup is 80 hours old' },
    { key: 'proof', severity: 'high', title: 'No backup was ever proven, for 80 hours' },
    { key: 'failed', severity: 'medium', description: 'ENOSPC: no space left' },
  ]);
  await addBackup(db, 1, { proven: false, error: 'rows of public.bots differ' });
  expect((await ask('backups')).findings).toMatchObject([
    { key: 'proof', description: 'rows of public.bots differ' },
    { key: 'failed', title: 'The newest backup failed its proof' },
  ]);
});

test('backups: one of the future, from before the clock was set back, does not hide that no new one is made', async () => {
  const { db, ask } = await scene();
  await addBackup(db, -2_000);
  await addBackup(db, 40);
  await addBackup(db, 1, { outcome: 'failed', error: 'a disk is full' });
  expect((await ask('backups')).findings).toMatchObject([
    { key: 'age', title: 'The newest backup is 40 hours old' },
    { key: 'failed', description: 'a disk is full' },
  ]);
});
