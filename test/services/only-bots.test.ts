/** The engine over a database that has only the bots' tables, beside a platform with a `profiles` table of its own. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { migrationStatus } from '../../src/database/migrate/status.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { roundsman, start } from '../cli/command.ts';
import { schemaOf } from '../database/adopt-platform.ts';
import { foreignPlatform } from '../database/foreign-platform.ts';
import { aBot, aRemedy, catalogue, entry, playbook, problem } from '../support/builders.ts';
import { emptyDatabase } from '../support/database.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';
import { hasTerminal, inTerminal } from '../support/terminal.ts';

const named = (list: typeof bots) => list.map(({ name }) => name).toSorted();
const off = named(bots.filter(({ needs = [] }) => needs.length > 0));
const paused = named(bots.filter(({ shipsPaused }) => shipsPaused));
const on = named(bots.filter(({ needs = [], shipsPaused }) => needs.length === 0 && !shipsPaused));

test('the commands work: a round runs the bots that can, and the others say why they are off', async () => {
  const { url } = await foreignPlatform(`INSERT INTO tickets VALUES (1, 'open', 'A1')`);
  const migrated = await roundsman(
    url,
    'db',
    'migrate',
    '--only',
    'bots',
    '--admin-test',
    'is_boss',
  );
  expect(migrated).toMatchObject({ code: 0 });
  expect(migrated.out).toContain('Users for whom public.is_boss() is true may read their tables.');
  expect(await roundsman(url, 'db', 'status')).toMatchObject({
    code: 0,
    out: expect.stringContaining('0 pending; only the bots are installed'),
  });

  const round = (await roundsman(url, 'round', '--json')).json();
  expect(round.executions).toMatchObject(on.map(() => ({ status: 'success' })));
  const listed = (await roundsman(url, 'bots', 'list', '--json')).json() as {
    name: string;
    status: string;
    status_reason: string | null;
  }[];
  expect(
    listed
      .filter(({ status }) => status === 'active')
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(on);
  const others = listed.filter(({ status }) => status === 'disabled');
  expect(others.map(({ name }) => name).toSorted()).toEqual(off);
  for (const { status_reason } of others)
    expect(status_reason).toMatch(
      /^this database does not have the tables of the platform that it needs: \w+/,
    );

  const resumed = await roundsman(url, 'bots', 'resume', 'ledger');
  expect(resumed.code).toBe(1);
  expect(resumed.err).toContain('it needs tables of the platform: profiles, credits');
  for (const command of [
    'status',
    'findings list',
    'tickets list',
    'knowledge list',
    'actions list',
    'runs list',
  ])
    expect([0, 6], command).toContain((await roundsman(url, ...command.split(' '))).code);
  const doctor = (await roundsman(url, 'doctor', '--json')).json() as {
    subject: string;
    status: string;
    detail: string;
  }[];
  expect(doctor.find(({ subject }) => subject === 'Schema')!.detail).toMatch(
    /^every migration of the bots is applied/,
  );
  const failed = doctor.filter(({ status }) => status === 'fail').map(({ subject }) => subject);
  expect(failed).toEqual(['Processes']);

  for (const refused of [
    ['db', 'seed'],
    ['import', 'access-log', new URL(import.meta.url).pathname],
  ]) {
    const { code, err } = await roundsman(url, ...refused);
    expect([code, err]).toEqual([1, expect.stringContaining('only the bots are installed')]);
  }
  const whole = await roundsman(url, 'db', 'migrate', '--json');
  expect(whole.code).toBe(1);
  expect(whole.json().differences).toContainEqual({
    difference: 'profiles: column email is missing',
    mend: expect.stringContaining('ALTER TABLE profiles ADD COLUMN email'),
  });
}, 120_000);

const noTests = [
  ['nothing', 'no_such', 'there is no such function'],
  ['a function that returns no boolean', 'seat', 'it returns uuid'],
  ['a set', 'many', 'it returns SETOF boolean'],
  ['one that takes something', 'of_person', 'there is no such function without parameters'],
  ['a volatile one', 'moody', 'it is VOLATILE'],
  ['one that fails', 'broken', 'division by zero'],
  ['a schema that is not there', 'auth.is_admin', 'there is no such function'],
  ['SQL', 'is_boss(); DROP TABLE tickets; --', ''],
] as const;

const noTest = (...more: string[]) =>
  foreignPlatform(
    'CREATE FUNCTION seat() RETURNS uuid LANGUAGE sql STABLE RETURN gen_random_uuid()',
    'CREATE FUNCTION many() RETURNS SETOF boolean LANGUAGE sql STABLE AS $$ SELECT true $$',
    'CREATE FUNCTION of_person(id int) RETURNS boolean LANGUAGE sql STABLE RETURN true',
    'CREATE FUNCTION moody() RETURNS boolean LANGUAGE sql VOLATILE RETURN true',
    `CREATE FUNCTION broken() RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1 / 0 = 1; END'`,
    ...more,
  );

const withAdminTest = (url: string, name: string) =>
  roundsman(url, 'db', 'migrate', '--only', 'bots', '--admin-test', name);

test.each(noTests)('%s is no test of who is an admin', async (_, name, why) => {
  const { db, url } = await noTest();
  await migrateToLatest(db, { only: 'bots' });
  const { code, err } = await withAdminTest(url, name);
  expect([code, err]).toEqual([2, expect.stringContaining(why)]);
  const { rows } =
    await sql`SELECT private.is_admin() AS admin, count(*)::int FROM tickets`.execute(db);
  expect(rows).toEqual([{ admin: false, count: 0 }]);
});

test.each(noTests)(
  '%s as that test is refused before anything is migrated',
  async (_, name, why) => {
    const { db, url } = await noTest();
    const before = await schemaOf(db);
    const { code, err } = await withAdminTest(url, name);
    expect([code, err]).toEqual([2, expect.stringContaining(why)]);
    expect(await schemaOf(db)).toEqual(before);
    const { code: accepted, out } = await withAdminTest(url, 'is_boss');
    expect([accepted, out]).toEqual([0, expect.stringMatching(/\d+ migrations applied/)]);
  },
);

const pendingOf = async (db: Kysely<any>) =>
  (await migrationStatus(db)).filter(({ executedAt }) => !executedAt).map(({ name }) => name);

test('what would ask itself is no test either', async () => {
  const { db, url } = await noTest();
  expect(await withAdminTest(url, 'is_boss')).toMatchObject({ code: 0 });
  await sql`CREATE FUNCTION round() RETURNS boolean LANGUAGE sql STABLE RETURN private.is_admin()`.execute(
    db,
  );
  // Something is pending again.
  await sql`DELETE FROM engine.kysely_migration WHERE name = (SELECT max(name) FROM engine.kysely_migration)`.execute(
    db,
  );
  const pending = await pendingOf(db);
  expect(pending).toHaveLength(1);
  for (const name of ['private.is_admin', 'round']) {
    const { code, err } = await withAdminTest(url, name);
    expect([code, err]).toEqual([2, expect.stringContaining('cannot say who is an admin')]);
    expect(await pendingOf(db)).toEqual(pending);
    const { rows } = await sql`SELECT value FROM engine.settings WHERE key = 'admin_test'`.execute(
      db,
    );
    expect(rows).toEqual([{ value: 'public.is_boss()' }]);
  }
});

test('a new embedded database is not made for a test that it cannot have', async () => {
  const home = await mkdtemp(join(tmpdir(), 'roundsman-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const refused = await start('', ['db', 'migrate', '--only', 'bots', '--admin-test', 'is_boss'], {
    ROUNDSMAN_HOME: join(home, 'own'),
  }).ended;
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringContaining('there is no embedded database in'),
  ]);
  expect(await readdir(home)).toEqual([]);
});

test.each([
  ['DROP FUNCTION public.is_boss()', 'there is no such function without parameters'],
  ['ALTER FUNCTION public.is_boss() RENAME TO is_chief', 'there is no such function'],
  ['ALTER FUNCTION public.is_boss() VOLATILE', 'it is VOLATILE'],
])('doctor and db migrate say that %s leaves no admin', async (change, why) => {
  const { db, url } = await foreignPlatform('');
  const migrate = ['db', 'migrate', '--only', 'bots'];
  await roundsman(url, ...migrate, '--admin-test', 'is_boss');
  const sound = await roundsman(url, 'doctor');
  expect(sound.out).not.toContain('Admins');
  await sql.raw(change).execute(db);
  const said = await roundsman(url, 'doctor');
  expect(said.code).toBe(1);
  expect(said.out).toMatch(/fail +Admins +no user may read/);
  expect(said.out).toContain(why);
  const again = await roundsman(url, ...migrate);
  expect(again.out).toContain('No user may read their tables: public.is_boss() cannot say');
  expect(again.out).not.toContain('is true may read');
});

test('a bot that would be left off is neither added nor made of another', async () => {
  const { db, url } = await foreignPlatform();
  await migrateToLatest(db, { only: 'bots' });
  const rows = () => db.selectFrom('bots').selectAll().orderBy('name').execute();
  const needs = 'only the bots are installed in this database, and';
  for (const endpoint of ['ledger', '/api/bots/ledger', 'bot:janitor']) {
    const l2 = ['bots', 'add', 'l2', '--endpoint', endpoint, '--schedule', '@hourly'];
    const added = await roundsman(url, ...l2);
    expect([added.code, added.err]).toEqual([1, expect.stringContaining(needs)]);
    expect(added.err).toContain('needs tables of the platform: ');
  }
  expect(await rows()).toEqual([]);

  if (hasTerminal) {
    const asked = await inTerminal(url, ['bots', 'add', 'l3'], [['What runs', 'ledger\r']]);
    expect([asked.code, asked.shown]).toEqual([1, expect.stringContaining('needs tables')]);
    expect(asked.shown).not.toContain('Schedule');
  }

  const c2 = ['bots', 'add', 'c2', '--endpoint', 'conductor', '--schedule', '@hourly'];
  expect(await roundsman(url, ...c2)).toMatchObject({ code: 0 });
  const before = await rows();
  const edited = await roundsman(url, 'bots', 'edit', 'c2', '--endpoint', 'ledger');
  expect([edited.code, edited.err]).toEqual([1, expect.stringContaining(needs)]);
  expect(await rows()).toEqual(before);

  // Out of error by an edit of something else.
  await sql`INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, status)
    VALUES ('own', 'x', 'never', 'bot:ledger', 'error')`.execute(db);
  const mended = await roundsman(url, 'bots', 'edit', 'own', '--schedule', '@daily');
  expect([mended.code, mended.err]).toEqual([1, expect.stringContaining(needs)]);
  expect((await rows()).map(({ status }) => status)).toEqual(['active', 'error']);
});

test("a bot of the platform's own finds, heals and verifies in its tables", async () => {
  const database = await foreignPlatform(`INSERT INTO tickets VALUES (1, 'stuck', 'A1')`);
  await migrateToLatest(database.db, { only: 'bots' });
  const stuck = aBot('boarding', async (_, { db }) => {
    const { rows } = await sql<{
      seat: string;
    }>`SELECT seat FROM tickets WHERE status = 'stuck'`.execute(db);
    return { examined: ['A1'], findings: rows.map(({ seat }) => problem(seat)) };
  });
  const free = aRemedy('ticket.free', async ({ db }) => {
    await sql`UPDATE tickets SET status = 'open' WHERE status = 'stuck'`.execute(db);
  });
  const known = catalogue(
    [{ ...stuck, knowledge: [entry('free', playbook('ticket.free'))] }],
    [free],
  );
  const engine = await anEngine({ name: 'postgres' }, known, { database });
  const row = await run(engine, 'boarding', { max_attempts: 1 });
  expect(row).toMatchObject({ status: 'success', issues_found: 1, actions_taken: 1 });
  const { rows } = await sql`SELECT state FROM bot_actions`.execute(database.db);
  expect(rows).toEqual([{ state: 'verified' }]);
});

test('when the rest has been added, what was left off runs again; what a person turned off does not', async () => {
  const { db } = await emptyDatabase();
  await migrateToLatest(db, { only: 'bots' });
  const known = catalogueOf(bots, remedies);
  await registerCatalogue(db, known);
  const statuses = async () => {
    const { rows } = await sql<{
      name: string;
      status: string;
    }>`SELECT name, status FROM bots`.execute(db);
    return Object.fromEntries(rows.map(({ name, status }) => [name, status]));
  };
  const left = Object.fromEntries([
    ...on.map((name) => [name, 'active']),
    ...off.map((name) => [name, 'disabled']),
    ...paused.map((name) => [name, 'paused']),
  ]);
  expect(await statuses()).toEqual(left);
  // By hand, or by a version that knew nothing of it.
  await sql`UPDATE bots SET status = 'active' WHERE name = 'ledger'`.execute(db);
  await sql`UPDATE bots SET status_reason = 'not ours' WHERE name = 'janitor'`.execute(db);
  await registerCatalogue(db, known);
  expect(await statuses()).toEqual(left);
  // Removed without a reason of its own: it keeps the one by which it was left off.
  await sql`UPDATE bots SET removed_at = engine.now() WHERE name = 'sentinel-api'`.execute(db);
  await migrateToLatest(db);
  await registerCatalogue(db, known);
  expect(await statuses()).toEqual({
    ...left,
    ...Object.fromEntries(off.map((name) => [name, 'active'])),
    janitor: 'disabled',
    'sentinel-api': 'disabled',
  });
});
