/** Settings of the server, the database or the role: our sessions set what they need themselves, or say what they cannot set. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect, pool, type Db } from '../../src/database/connect.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { SessionRefusedError } from '../../src/database/session.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { dropAfterwards, emptyDatabase, testDatabase } from '../support/database.ts';
import { install, roundsman } from '../support/installation.ts';
import { administer, inDatabase } from '../support/postgres.ts';

const server = inject('postgresUrl');

/** Settings of a role, unlike the server's defaults, each of which has broken something or could. */
const otherwise: Record<string, string> = {
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
  quote_all_identifiers: 'on',
  exit_on_error: 'on',
  row_security: 'off',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  search_path: 'nowhere',
  client_encoding: 'LATIN1',
  synchronous_commit: 'off',
  statement_timeout: '20ms',
  lock_timeout: '1ms',
  idle_session_timeout: '200ms',
  idle_in_transaction_session_timeout: '20ms',
  transaction_timeout: '100ms',
};

/** Creates a login. After the test, what it owns and then the login are dropped. */
async function aRole(attributes = ''): Promise<string> {
  const role = `role_${randomBytes(5).toString('hex')}`;
  await administer(server, `CREATE ROLE ${role} LOGIN PASSWORD 'secret' ${attributes}`);
  onTestFinished(() => administer(server, `DROP ROLE ${role}`));
  return role;
}

function as(role: string, url: string): string {
  const other = new URL(url);
  Object.assign(other, { username: role, password: 'secret' });
  return other.href;
}

function session(url: string): Db {
  const db = connect(url, { max: 2 });
  onTestFinished(() => db.destroy());
  return db;
}

/** Gives the objects of the role to the superuser, so that the role can be dropped. */
const keep = (url: string, role: string) =>
  onTestFinished(() =>
    administer(url, `REASSIGN OWNED BY ${role} TO CURRENT_USER`, `DROP OWNED BY ${role}`),
  );

test('a role with all these settings, and with a schema of its name, migrates and works', async () => {
  const role = await aRole();
  const { url, name } = await emptyDatabase();
  keep(url, role);
  await administer(
    url,
    `ALTER DATABASE ${name} OWNER TO ${role}`,
    `GRANT ALL ON SCHEMA public TO ${role}`,
    `CREATE SCHEMA ${role} AUTHORIZATION ${role}`,
    ...Object.entries(otherwise).map(
      ([setting, value]) =>
        `ALTER ROLE ${role} SET ${setting} = ${setting === 'search_path' ? value : `'${value}'`}`,
    ),
  );
  const db = session(as(role, url));
  await migrateToLatest(db);
  await migrateQueue(as(role, url));
  const { rows } = await sql<Record<string, unknown>>`
    SELECT (SELECT count(*)::int FROM pg_class WHERE relnamespace = ${role}::regnamespace) AS strays,
           timestamptz '2026-03-04 05:06:07.125+00' AS at, date '2026-03-04' AS day, '\\x00ff'::bytea AS bytes,
           0.1::float8 + 0.2::float8 AS float, 'a\\b' AS text, 'ä€' AS wide, current_setting('transaction_isolation') AS level,
           current_setting('synchronous_commit') AS commit`.execute(db);
  expect(rows[0]).toEqual({
    strays: 0,
    at: new Date('2026-03-04T05:06:07.125Z'),
    day: '2026-03-04',
    bytes: Buffer.from([0, 255]),
    float: 0.1 + 0.2,
    text: 'a\\b',
    wide: 'ä€',
    level: 'read committed',
    commit: 'on',
  });
  // Longer than each of the role's limits.
  await db.transaction().execute(async (trx) => {
    await sql`SELECT pg_sleep(0.3)`.execute(trx);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await sql`SELECT 1`.execute(trx);
  });
  const kept = pool(as(role, url), { max: 1, keep: true });
  onTestFinished(() => kept.end());
  const pid = async () =>
    (await kept.query('SELECT pg_backend_pid() AS pid')).rows[0].pid as number;
  const first = await pid();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await pid(), 'it is not ended for being idle').toBe(first);

  const checkout = install('slow-bots.ts');
  const round = roundsman(checkout, { DATABASE_URL: as(role, url) }, 'round', 'quick');
  await round.ended;
  expect(round.heard.err).not.toMatch(/^ +at |error:/m);
}, 60_000);

test('a login with triggers that do not fire, and that it cannot switch on, is refused', async () => {
  const { url } = await testDatabase();
  const role = await aRole();
  await administer(server, `ALTER ROLE ${role} SET session_replication_role = replica`);
  const error = await sql`SELECT 1`.execute(session(as(role, url))).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(SessionRefusedError);
  expect(error.why).toContain('session_replication_role is replica');
  await administer(server, `ALTER ROLE ${role} SUPERUSER`);
  const { rows } = await sql`SHOW session_replication_role`.execute(session(as(role, url)));
  expect(rows).toEqual([{ session_replication_role: 'origin' }]);
});

test('if the login may switch triggers on, they fire, also in sessions that become another role', async () => {
  const { url } = await testDatabase();
  const name = new URL(url).pathname.slice(1);
  await administer(server, `ALTER DATABASE ${name} SET session_replication_role = replica`);
  for (const options of [{ readOnly: true }, { asService: true }, {}]) {
    const db = connect(url, { max: 1, ...options });
    onTestFinished(() => db.destroy());
    const { rows } = await sql`SHOW session_replication_role`.execute(db);
    expect(rows).toEqual([{ session_replication_role: 'origin' }]);
  }
});

test('a database that cannot store every text is refused, and its encoding is named', async () => {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(
    server,
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'`,
  );
  const url = inDatabase(server, name);
  const { db } = dropAfterwards({ db: connect(url), url, name });
  const error = await sql`SELECT 1`.execute(db).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(SessionRefusedError);
  expect(error.why).toContain('SQL_ASCII');
});

test.each(['', 'NOINHERIT'])(
  'a login that is a member of service_role is what doctor recommends, and runs are carried out (%s)',
  async (attributes) => {
    const { url } = await testDatabase();
    await migrateQueue(url);
    const role = await aRole(attributes);
    await administer(url, `GRANT service_role TO ${role}`);
    const settings = { DATABASE_URL: as(role, url) };
    const checkout = install('slow-bots.ts');
    const worker = roundsman(checkout, settings, 'worker');
    const said = () => worker.lines().map(({ msg }) => msg);
    await expect.poll(said, { timeout: 20_000 }).toContain('started');
    const round = roundsman(checkout, settings, 'round', 'quick');
    expect(await round.ended, round.heard.err).toBe(0);
    const doctor = roundsman(checkout, settings, 'doctor');
    await doctor.ended;
    expect(doctor.heard.out).toMatch(/ok +Roles +connected as service_role/);
    expect(doctor.heard.out).not.toMatch(/fail +(Roles|Schema|Database)/);
    worker.child.kill('SIGTERM');
    await worker.ended;
    expect(worker.lines().filter(({ level }) => Number(level) >= 40)).toEqual([]);
  },
  60_000,
);

test('an application that logs in as such a role has no more rights than before', async () => {
  const { url } = await testDatabase();
  const role = await aRole('NOINHERIT');
  await administer(url, `GRANT service_role TO ${role}`);
  const { rows } = await sql<{ role: string }>`SELECT current_user AS role`.execute(
    session(as(role, url)),
  );
  expect(rows).toEqual([{ role }]);
});
