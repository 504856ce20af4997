/** Row level security that applies to the login itself: a table whose rows are hidden is not called empty. */
import { sql } from 'kysely';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { hiddenFromLogin } from '../../src/database/rights/hidden-from-login.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { roundsman } from '../cli/command.ts';
import { insertBot } from '../cli/rows.ts';
import { administer } from '../support/postgres.ts';
import { supabaseDatabase } from '../support/supabase.ts';

const commands = [
  ['bots', 'list'],
  ['status'],
  ['round'],
  ['worker'],
  ['scheduler'],
  ['db', 'migrate'],
];

test('no command of an owner on whom it is forced treats hidden rows as missing, and each says what to do', async () => {
  const { db, url } = await supabaseDatabase();
  await migrateToLatest(db);
  await migrateQueue(url);
  await insertBot(db, 'watch');
  expect((await roundsman(url, 'bots', 'list')).out).toContain('watch');
  await sql`ALTER TABLE bots FORCE ROW LEVEL SECURITY; ALTER TABLE engine.settings ENABLE ROW LEVEL SECURITY`.execute(
    db,
  );
  await sql`ALTER TABLE engine.settings FORCE ROW LEVEL SECURITY`.execute(db);
  const mend =
    'ALTER TABLE bots NO FORCE ROW LEVEL SECURITY; ALTER TABLE engine.settings NO FORCE ROW LEVEL SECURITY';
  for (const args of commands) {
    const { code, out, err } = await roundsman(url, ...args);
    expect({ args, code, out, err }).toEqual({
      args,
      code: 1,
      out: '',
      err: expect.stringContaining(mend),
    });
    expect(err).toContain('hides rows of bots, engine.settings from postgres_like, who owns them');
  }
  const doctor = await roundsman(url, 'doctor');
  expect(doctor.code).toBe(1);
  expect(doctor.out).toMatch(/^fail +Roles +this database role does not see all rows: /m);
  expect(doctor.out.replaceAll(/\s+/g, ' ')).toContain(mend);
  await sql.raw(mend).execute(db);
  expect((await roundsman(url, 'bots', 'list')).out).toContain('watch');
}, 120_000);

test('a login that neither owns the tables nor bypasses policies is told so', async () => {
  const { db, url } = await supabaseDatabase();
  await migrateToLatest(db);
  const login = `reads_${process.pid}`;
  await administer(
    url,
    `GRANT USAGE ON SCHEMA engine TO PUBLIC`,
    `GRANT ALL ON ALL TABLES IN SCHEMA engine, public TO PUBLIC`,
  );
  await administer(inject('postgresUrl'), `CREATE ROLE ${login} LOGIN PASSWORD 'x'`);
  onTestFinished(() => administer(inject('postgresUrl'), `DROP ROLE ${login}`));
  const address = Object.assign(new URL(url), { username: login, password: 'x' }).href;
  const { code, err } = await roundsman(address, 'bots', 'list');
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringContaining('connect as the owner of the tables or as service_role'),
  });
  const own = connect(address, { max: 1 });
  onTestFinished(() => own.destroy());
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname ~ '^bots?(_|$)' ORDER BY 1`.execute(
    db,
  );
  const names = rows.map(({ name }) => name);
  const { tables } = await hiddenFromLogin(own);
  expect(tables.filter((name) => !name.startsWith('engine.')).toSorted()).toEqual(names.toSorted());
  expect(err).toMatch(/hides rows of .*bot.* and \d+ more from reads_/);
});

test('where a policy lets the owner see and change all rows, nothing is hidden', async () => {
  const { db, url } = await supabaseDatabase();
  expect(await hiddenFromLogin(db)).toMatchObject({ tables: [] });
  await sql`CREATE TABLE bots (id int)`.execute(db);
  await sql`ALTER TABLE bots ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`.execute(db);
  // None of our tables exists yet.
  expect(await hiddenFromLogin(db)).toMatchObject({ tables: [] });
  await sql`DROP TABLE bots`.execute(db);
  await migrateToLatest(db);
  await sql`ALTER TABLE bots FORCE ROW LEVEL SECURITY`.execute(db);
  expect(await hiddenFromLogin(db)).toMatchObject({ tables: ['bots'], forced: ['bots'] });
  await sql`CREATE POLICY reads ON bots FOR SELECT TO postgres_like USING (true)`.execute(db);
  // An UPDATE would change no row, without an error.
  expect(await hiddenFromLogin(db)).toMatchObject({ tables: ['bots'] });
  await sql`CREATE POLICY own ON bots TO postgres_like USING (true)`.execute(db);
  expect(await hiddenFromLogin(db)).toMatchObject({ tables: [], forced: [] });
  expect((await roundsman(url, 'bots', 'list')).code).toBe(0);
});
