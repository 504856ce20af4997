/** Checks read as a role that cannot write and that sees all rows. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import type { CheckContext } from '../../src/bot.ts';
import { connect } from '../../src/database/connect.ts';
import { listFindings } from '../../src/data/bots/bot-findings.ts';
import { readerWrites } from '../../src/database/rights/reader-rights.ts';
import { plantPlatform } from '../../src/demo/plant.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import {
  hiddenFrom,
  HiddenRowsError,
  refuseHiddenRows,
} from '../../src/database/rights/refuse-hidden-rows.ts';
import { roundsman } from '../cli/command.ts';
import { insertBot, insertFinding } from '../cli/rows.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, catalogue } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';
import { administer } from '../support/postgres.ts';

const readerOf = (url: string) => {
  const reader = connect(url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  return reader;
};

test.each([
  ['SET TRANSACTION READ WRITE', 'CREATE TABLE public.left_behind (id int)'],
  ["SELECT set_config('transaction_read_only', 'off', true)", 'DELETE FROM profiles'],
  ['SET default_transaction_read_only = off', 'INSERT INTO bot_metrics DEFAULT VALUES'],
  [
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE',
    "UPDATE engine.settings SET value = '1'",
  ],
])('a check that first says %s cannot write', async (allowed, statement) => {
  const bot = aBot('writes', async (_, { db }: CheckContext) => {
    await sql.raw(allowed).execute(db);
    await sql.raw(statement).execute(db);
    return { examined: ['x'], findings: [] };
  });
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot], []));
  expect(await run(engine, 'writes', { max_attempts: 1 })).toMatchObject({
    status: 'failed',
    error_message: expect.stringMatching(
      /permission denied|read-only transaction|before any query/,
    ),
  });
});

test('they see all rows of every table, also those of other users', async () => {
  const { db, url } = await testDatabase();
  await plantPlatform(db);
  const reader = readerOf(url);
  expect((await sql<{ as: string }>`SELECT current_user AS as`.execute(reader)).rows).toEqual([
    { as: 'roundsman_reader' },
  ]);
  expect(await hiddenFrom(reader, db)).toEqual([]);
  const users = (by: typeof db) => by.selectFrom('profiles').select('id').execute();
  expect(await users(reader)).toHaveLength((await users(db)).length);
});

test('a table that was created later becomes readable to them when a process starts; doctor changes nothing', async () => {
  const { db, url } = await testDatabase();
  await sql`CREATE TABLE public.orders AS SELECT generate_series(1, 3) AS id`.execute(db);
  await sql`GRANT SELECT ON public.orders TO roundsman_reader`.execute(db);
  await sql`ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY`.execute(db);
  const doctor = await roundsman(url, 'doctor');
  expect(doctor.out).toMatch(/^fail +Checks .* hides rows of orders /m);
  expect(await hiddenFrom(readerOf(url), db)).toEqual(['orders']);
  expect(await refuseHiddenRows(db, url, { grantFirst: true })).toBe(true);
  expect(await hiddenFrom(readerOf(url), db)).toEqual([]);
});

test('processes that grant them tables at the same time all succeed', async () => {
  const { db } = await testDatabase();
  for (let round = 0; round < 5; round += 1) {
    const name = sql.id('public', `orders_${round}`);
    await sql`CREATE TABLE ${name} AS SELECT generate_series(1, 3) AS id`.execute(db);
    await sql`REVOKE ALL ON ${name} FROM roundsman_reader`.execute(db);
    await sql`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`.execute(db);
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, () => sql`SELECT engine.let_checks_read()`.execute(db)),
    );
    expect(all.filter(({ status }) => status === 'rejected')).toEqual([]);
  }
});

test('if a policy hides rows from them, no process starts, and doctor names the policy', async () => {
  const { db, url } = await testDatabase();
  await plantPlatform(db);
  await sql`CREATE POLICY hides ON profiles AS RESTRICTIVE FOR SELECT TO roundsman_reader USING (false)`.execute(
    db,
  );
  await expect(refuseHiddenRows(db, url, { grantFirst: true })).rejects.toThrow(HiddenRowsError);
  await migrateQueue(url);
  const worker = await roundsman(url, 'worker');
  expect(worker).toMatchObject({ code: 1, err: expect.stringContaining('hides rows of profiles') });
  expect((await roundsman(url, 'doctor')).out).toMatch(
    /^fail +Checks +checks would not see all rows: row level security hides rows of profiles from roundsman_reader/m,
  );
});

test('checks may write what PUBLIC may write: each such right is named, and how to revoke it', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  await sql`CREATE TABLE mine (a int)`.execute(db);
  await sql`CREATE TABLE "Yours" (a int)`.execute(db);
  await sql`CREATE SEQUENCE numbers`.execute(db);
  await sql`CREATE FUNCTION changes(int) RETURNS void LANGUAGE sql SECURITY DEFINER
    AS 'INSERT INTO mine VALUES ($1)'`.execute(db);
  await sql`CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    AS 'BEGIN RETURN NEW; END'`.execute(db);
  const writes = [
    ['CREATE', 'SCHEMA public'],
    ['UPDATE', 'TABLE "Yours"', 'UPDATE (a)'],
    ['INSERT, DELETE', 'TABLE mine'],
    ['USAGE, UPDATE', 'SEQUENCE numbers'],
    ['EXECUTE', 'ROUTINE changes(integer)'],
  ];
  await sql`REVOKE EXECUTE ON FUNCTION changes(int) FROM PUBLIC`.execute(db);
  expect(await readerWrites(db)).toEqual([]);
  for (const [name, on, granted = name] of writes)
    await sql.raw(`GRANT ${granted} ON ${on} TO PUBLIC`).execute(db);
  expect(await readerWrites(db)).toEqual(writes.map(([right, on]) => ({ right, on })));
  const { out } = await roundsman(url, 'doctor');
  for (const [name, on] of writes) {
    expect(out).toContain(`${name} on ${on}`);
    expect(out).toContain(`REVOKE ${name} ON ${on} FROM PUBLIC`);
    await sql.raw(`REVOKE ${name} ON ${on} FROM PUBLIC`).execute(db);
  }
  expect(await readerWrites(db)).toEqual([]);
  expect((await roundsman(url, 'doctor')).out).toMatch(
    /^ok +Checks .*sees all rows and may write none/m,
  );
});

test('functions that queries on the bot tables call are granted to them, also if the role is created after the migrations', async () => {
  const { db, url } = await testDatabase();
  const bot = await insertBot(db, 'watch');
  const suppressed_by = await insertFinding(db, bot, 'the network is down');
  await insertFinding(db, bot, 'no answer', { suppressed_by });
  const asked = [
    'engine.now_for_users()',
    'engine.is_suppressed_for_users(uuid)',
    'public.bots_now()',
    'public.finding_is_suppressed(uuid)',
    'engine.counts_as_broken_for_users(uuid)',
    'public.finding_is_broken(uuid)',
  ];
  // As a new role: it has no rights in this database.
  await sql`DROP OWNED BY roundsman_reader`.execute(db);
  const may = async () =>
    (
      await sql<{ may: boolean }>`
        SELECT has_function_privilege('roundsman_reader', name, 'EXECUTE') AS may
        FROM unnest(${asked}::text[]) AS name`.execute(db)
    ).rows.map((row) => row.may);
  expect(await may()).toEqual(asked.map(() => false));
  await sql`SELECT engine.let_checks_read()`.execute(db);
  expect(await may()).toEqual(asked.map(() => true));
  const reader = readerOf(url);
  expect(await listFindings(reader, { which: 'open', limit: 5 })).toMatchObject([
    { suppressor: { id: suppressed_by } },
    { suppressor: null },
  ]);
});

test('a login that may not become that role is told so, and its checks still run', async () => {
  const { url } = await testDatabase();
  const login = `plain_${process.pid}`;
  await administer(
    url,
    `CREATE ROLE ${login} LOGIN PASSWORD 'plain' BYPASSRLS`,
    `GRANT USAGE ON SCHEMA engine TO ${login}`,
    `GRANT ALL ON ALL TABLES IN SCHEMA engine, public TO ${login}`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA engine, public TO ${login}`,
  );
  onTestFinished(async () => {
    await administer(url, `DROP OWNED BY ${login}`, `DROP ROLE ${login}`);
  });
  const address = Object.assign(new URL(url), { username: login, password: 'plain' }).href;
  const own = connect(address, { max: 1 });
  onTestFinished(() => own.destroy());
  expect(await refuseHiddenRows(own, address, { grantFirst: true })).toBe(false);
  expect((await sql`SELECT current_user AS as`.execute(readerOf(address))).rows).toEqual([
    { as: login },
  ]);
  expect((await roundsman(address, 'doctor')).out).toMatch(
    /^warn +Checks +read as this login, because it may not become roundsman_reader/m,
  );
});
