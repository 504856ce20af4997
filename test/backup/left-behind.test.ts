/** What a backup once left behind without a word, or could not restore. */
import { createReadStream } from 'node:fs';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import { openHeld } from '../../src/backup/read/held.ts';
import { readRoles } from '../../src/backup/read/roles.ts';
import { asChecked, foreignKeyIn } from '../../src/backup/restore/foreign-key.ts';
import { restoreArchive } from '../../src/backup/restore/restore.ts';
import { connectAlone } from '../../src/database/connect.ts';
import { verifyBackup } from '../../src/services/backups/verify.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { actor, backupFolder, take } from './scene.ts';

const { signal } = new AbortController();

const connected = async (url: string) => {
  const client = await connectAlone(url, { name: 'roundsman test' });
  onTestFinished(() => client.end());
  return client;
};

const restored = async (file: string | null) => {
  const target = await emptyDatabase();
  const { broken, notValid } = await restoreArchive(target.url, open(createReadStream(file!), []), {
    signal,
  });
  return { target, broken, notValid };
};

const rowsOf = async ({ db }: TestDatabase, text: string) => (await sql.raw(text).execute(db)).rows;

test('rows of tables that belong to an extension, and a partition whose detachment was broken off, are named', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    // What pgmq does for each queue.
    'CREATE TABLE public.q_orders AS SELECT n FROM generate_series(1, 50) n',
    'CREATE TABLE public.q_none (n int)',
    'CREATE EXTENSION IF NOT EXISTS hstore',
    'ALTER EXTENSION hstore ADD TABLE public.q_orders',
    'ALTER EXTENSION hstore ADD TABLE public.q_none',
    'CREATE TABLE public.ev (n int) PARTITION BY LIST (n)',
    'CREATE TABLE public.ev1 PARTITION OF public.ev FOR VALUES IN (1)',
    `UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'public.ev1'::regclass`,
  );
  const { manifest, file } = await take(database, backupFolder());
  const left = manifest.leftOut.map(({ object, why }) => `${object}: ${why}`);
  expect(left).toContainEqual(
    expect.stringMatching(/^public\.q_orders \(50 rows\): it belongs to the extension hstore/),
  );
  expect(left).toContainEqual(expect.stringMatching(/partition public\.ev1 .*FINALIZE/));
  expect(left.join()).not.toContain('q_none');
  expect((await restored(file)).broken).toEqual([]);
});

test('rows that name an index are restored when it is there, and no trigger acts on them', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    'CREATE TABLE public.watched (rel regclass)',
    'CREATE TABLE public.seen (rel text)',
    `INSERT INTO public.watched SELECT indexrelid FROM pg_index WHERE indrelid = 'public.bots'::regclass ORDER BY 1`,
    `CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (NEW.rel::text); RETURN NEW; END $$`,
    'CREATE TRIGGER see BEFORE INSERT ON public.watched FOR EACH ROW EXECUTE FUNCTION public.see()',
  );
  const { file } = await take(database, backupFolder());
  const scratch = await emptyDatabase();
  await verifyBackup({ ...database, actor }, { file: file!, scratch: scratch.url, signal });
  const named = 'SELECT rel::text FROM public.watched ORDER BY 1';
  expect((await rowsOf(scratch, named)).length).toBeGreaterThan(0);
  expect(await rowsOf(scratch, named)).toEqual(await rowsOf(database, named));
  expect(await rowsOf(scratch, 'SELECT FROM public.seen')).toEqual([]);
});

test('rows that break the condition of a domain are restored, and the condition is named', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    'CREATE FUNCTION public.ok(v int) RETURNS boolean LANGUAGE sql AS $$ SELECT v > 0 $$',
    'CREATE DOMAIN public.pos AS int CONSTRAINT "fits it" CHECK (public.ok(VALUE))',
    `COMMENT ON CONSTRAINT "fits it" ON DOMAIN public.pos IS 'odd'`,
    'CREATE TABLE public.numbers (n public.pos)',
    'INSERT INTO public.numbers VALUES (1), (2)',
    // One that only reads rows which come later is put back whole.
    'CREATE TABLE public.z_known AS SELECT 5 AS n',
    'CREATE FUNCTION public.known(v int) RETURNS boolean LANGUAGE sql AS $$ SELECT EXISTS (SELECT FROM public.z_known WHERE n = v) $$',
    'CREATE DOMAIN public.listed AS int CHECK (public.known(VALUE))',
    'CREATE TABLE public.lists (n public.listed)',
    'INSERT INTO public.lists VALUES (5)',
    'CREATE OR REPLACE FUNCTION public.ok(v int) RETURNS boolean LANGUAGE sql AS $$ SELECT v > 1 $$',
  );
  const { file } = await take(database, backupFolder());
  const { target, broken } = await restored(file);
  expect(broken).toEqual([expect.stringMatching(/rows break a condition.*"?n"?.*numbers|fits it/)]);
  expect(await rowsOf(target, 'SELECT n FROM public.numbers ORDER BY 1')).toHaveLength(2);
  expect(
    await rowsOf(
      target,
      `SELECT t.typname AS of, convalidated AS checked, obj_description(k.oid, 'pg_constraint') AS comment
       FROM pg_constraint k JOIN pg_type t ON t.oid = contypid WHERE typname IN ('pos', 'listed') ORDER BY 1`,
    ),
  ).toEqual([
    { of: 'listed', checked: true, comment: null },
    { of: 'pos', checked: false, comment: 'odd' },
  ]);
});

test('a role keeps its membership in roles of the server', async () => {
  const database = await testDatabase();
  const client = await connected(database.url);
  const engine = `engine_${database.name}`;
  await client.query(`CREATE ROLE ${engine}; GRANT pg_read_all_stats TO ${engine}`);
  await client.query(`GRANT SELECT ON public.bots TO ${engine}`);
  const statements = await readRoles(client);
  await client.query(`DROP OWNED BY ${engine}; DROP ROLE ${engine}`);
  for (const statement of statements) await client.query(statement);
  onTestFinished(() => administer(database.url, `DROP ROLE ${engine}`));
  const { rows } = await client.query(`SELECT pg_has_role($1, 'pg_read_all_stats', 'MEMBER')`, [
    engine,
  ]);
  expect(rows).toEqual([{ pg_has_role: true }]);
});

test('a foreign key is known by its schema, its table and its name, whatever they are', async () => {
  const statement = (table: string, name: string, end = '') =>
    `--\n-- Name: x\n--\n\nALTER TABLE ONLY public.${table}\n    ADD CONSTRAINT ${name} FOREIGN KEY (a) REFERENCES auth.users(id)${end}`;
  const key = { schema: 'public', table: 'or.ders', constraint: 'fk."order' };
  expect(foreignKeyIn(statement('"or.ders"', '"fk.""order"'))).toEqual(key);
  expect(foreignKeyIn('ALTER TABLE ONLY public.a\n    ADD CONSTRAINT b UNIQUE (a)')).toBeNull();
  const both = ['"or.ders"', 'others'].map((table) =>
    statement(table, '"fk.""order"', ' NOT VALID;'),
  );
  const checked = asChecked(both.join('\n\n'), [key]);
  expect(checked.match(/NOT VALID/g)).toHaveLength(1);
  expect(checked).toContain('auth.users(id);');
});

test('a table with FORCE ROW LEVEL SECURITY says what its owner needs', async () => {
  const database = await emptyDatabase();
  const owner = `owner_${database.name}`;
  await administer(
    database.url,
    `CREATE ROLE ${owner} LOGIN PASSWORD 'owner'`,
    `CREATE SCHEMA forced AUTHORIZATION ${owner}`,
    'CREATE TABLE forced.f (a int)',
    `ALTER TABLE forced.f OWNER TO ${owner}; ALTER TABLE forced.f ENABLE ROW LEVEL SECURITY; ALTER TABLE forced.f FORCE ROW LEVEL SECURITY`,
  );
  onTestFinished(() => administer(database.url, `DROP OWNED BY ${owner}; DROP ROLE ${owner}`));
  const login = Object.assign(new URL(database.url), { username: owner, password: 'owner' });
  const refused = openHeld(login.href, signal);
  await expect(refused).rejects.toMatchObject({
    why: expect.stringContaining('forced.f'),
    hint: expect.stringContaining('FORCE ROW LEVEL SECURITY'),
  });
});
