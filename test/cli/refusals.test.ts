import { sql } from 'kysely';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { roundsman } from './command.ts';
import { insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();

/** The same database with settings of the session. */
const withOptions = (...settings: string[]) =>
  `${url}?options=${encodeURIComponent(settings.map((each) => `-c ${each}`).join(' '))}`;
const as = (role: string) => withOptions(`role=${role}`);

beforeAll(async () => {
  const bot = await insertBot(db, 'watch', {});
  await insertFinding(db, bot, 'down');
  await insertTicket(db, bot, 'down', {});
});

/** What the command line says of what it could not do: nothing of a defect, and one thing to try. */
async function refused(address: string, ...args: string[]): Promise<string> {
  const { code, err } = await roundsman(address, ...args);
  expect(err).not.toMatch(/defect|is unexpected|\n\s+at /);
  expect(err).toMatch(/error: .+\n {2}why: .+\n {2}try: .+/);
  expect(code).toBe(1);
  return err;
}

describe('a role without rights', () => {
  const role = `outsider_${process.pid}`;
  beforeAll(async () => {
    await administer(url, `CREATE ROLE ${role} LOGIN`);
    return () => administer(url, `DROP ROLE IF EXISTS ${role}`);
  });

  test('is not told to migrate what is migrated', async () => {
    const said = await refused(as(role), 'status');
    expect(said).toContain(`${role} may not use the schema engine`);
    expect(said).toContain('connect as the owner of the tables or as service_role');
    expect(said).not.toContain('db migrate');
  });

  test('hears the same from the doctor', async () => {
    const { code, out } = await roundsman(as(role), 'doctor');
    expect(code).toBe(1);
    expect(out).toMatch(/fail +Roles .*may not use the schema engine/);
    expect(out).not.toContain('db migrate');
  });

  test('that may use the schema and not read what was migrated is told that', async () => {
    await sql.raw(`GRANT USAGE ON SCHEMA engine TO ${role}`).execute(db);
    onTestFinished(async () => {
      await sql.raw(`REVOKE ALL ON SCHEMA engine FROM ${role}`).execute(db);
    });
    expect(await refused(as(role), 'status')).toContain('may not read engine.kysely_migration');
  });
});

test.each(
  [
    'status',
    'db status',
    'bots run watch',
    'tickets list',
    'tickets assign T-1 ann',
    'knowledge stats',
    'silences add --component x --for 1h --reason test --yes',
    'mode safe --yes --reason test',
  ].map((line) => line.split(' ')),
)('service_role, which the doctor advises, may do %s %s', async (...args) => {
  const { code, err } = await roundsman(as('service_role'), ...args.filter(Boolean));
  expect(err).not.toMatch(/permission|may not|defect/);
  expect([0, 6]).toContain(code);
});

test('the doctor examines everything as service_role', async () => {
  const { out } = await roundsman(as('service_role'), 'doctor');
  expect(out).toMatch(/ok +Schema/);
  expect(out).toMatch(/ok +Roles +connected as service_role/);
  expect(out).toMatch(/ok +Bots/);
  expect(out).not.toMatch(/foreseen|may not/);
});

test('a function that a role may not call is named, with the role to use', async () => {
  await sql`REVOKE EXECUTE ON FUNCTION engine.now() FROM PUBLIC, service_role`.execute(db);
  onTestFinished(async () => {
    await sql`GRANT EXECUTE ON FUNCTION engine.now() TO service_role`.execute(db);
  });
  const said = await refused(as('service_role'), 'status');
  expect(said).toContain('permission denied for function now');
  expect(said).toContain('connect as the owner');
});

describe('a database', () => {
  test('that takes no writes is said to take none', async () => {
    const said = await refused(
      withOptions('default_transaction_read_only=on'),
      'bots',
      'run',
      'watch',
    );
    expect(said).toContain('takes no writes');
  });

  test('whose rows are locked for longer than its limit is said to be slow', async () => {
    const holder = connect(url);
    onTestFinished(() => holder.destroy());
    await holder.transaction().execute(async (trx) => {
      await sql`SELECT FROM bots FOR UPDATE`.execute(trx);
      for (const limit of ['lock_timeout', 'statement_timeout']) {
        const said = await refused(withOptions(`${limit}=300`), 'bots', 'pause', 'watch');
        expect(said).toContain('longer than its time limit');
      }
    });
  });

  test('with no connection left is said to be full, and not to be away', async () => {
    const role = `full_${process.pid}`;
    await administer(url, `CREATE ROLE ${role} LOGIN PASSWORD 'full' CONNECTION LIMIT 0`);
    onTestFinished(() => administer(url, `DROP ROLE ${role}`));
    const address = new URL(url);
    address.username = role;
    address.password = 'full';
    const said = await refused(address.href, 'status');
    expect(said).toContain(`the role ${role} may have no more connections`);
    expect(said).toContain(`ALTER ROLE "${role}" CONNECTION LIMIT`);
    const { out } = await roundsman(address.href, 'doctor');
    expect(out).toMatch(/fail +Database .*may have no more connections/);
  });
});
