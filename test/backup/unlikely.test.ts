/** Databases that pg_dump's own order of a restore does not bring back, and those whose rows break what their schema says. */
import { createReadStream } from 'node:fs';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import { readRoles } from '../../src/backup/read/roles.ts';
import { readSettings } from '../../src/backup/read/surroundings.ts';
import { restoreArchive } from '../../src/backup/restore/restore.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, take } from './scene.ts';

const connected = async (url: string): Promise<Client> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
};

test('what is restored in another order than pg_dump has it is proven, too', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    // A generated column whose functions name each other without their schema.
    `CREATE FUNCTION public.short(v bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT encode(v, 'hex') $$`,
    `CREATE FUNCTION public.short(v text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT short(v::bytea) $$`,
    `CREATE FUNCTION public.slug(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN short(v::bytea); END $$`,
    `CREATE TABLE public.slugs (id text, a text GENERATED ALWAYS AS (public.short(id)) STORED, b text GENERATED ALWAYS AS (public.slug(id)) STORED)`,
    `INSERT INTO public.slugs VALUES ('x')`,
    // Where a row belongs depends on the numbers of the labels, which are others in each database.
    `CREATE TYPE public.mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')`,
    `CREATE TABLE public.moods (m public.mood, n int) PARTITION BY HASH (m)`,
    ...[0, 1, 2].map(
      (n) =>
        `CREATE TABLE public.moods_${n} PARTITION OF public.moods FOR VALUES WITH (MODULUS 3, REMAINDER ${n})`,
    ),
    `INSERT INTO public.moods SELECT m, n FROM unnest(enum_range(NULL::public.mood)) m, generate_series(1, 3) n`,
    // The older view reads the newer one.
    `CREATE VIEW public.between AS SELECT 1 AS n`,
    `CREATE MATERIALIZED VIEW public.early AS SELECT n FROM public.between`,
    `CREATE MATERIALIZED VIEW public.late AS SELECT 1 AS n`,
    `CREATE OR REPLACE VIEW public.between AS SELECT n FROM public.late`,
    `REFRESH MATERIALIZED VIEW public.early`,
    // A condition that reads a table whose rows come later, also of a table with partitions.
    `CREATE TABLE public.z_known (v text)`,
    `INSERT INTO public.z_known VALUES ('a')`,
    `CREATE FUNCTION public.is_known(p text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM public.z_known WHERE v = p) $$`,
    `CREATE TABLE public.a_words (v text CONSTRAINT known CHECK (public.is_known(v)))`,
    `COMMENT ON CONSTRAINT known ON public.a_words IS 'it''s known'`,
    `CREATE TABLE public.b_words (v text CHECK (public.is_known(v))) PARTITION BY LIST (v)`,
    `CREATE TABLE public.b_words_a PARTITION OF public.b_words DEFAULT`,
    `INSERT INTO public.a_words VALUES ('a')`,
    `INSERT INTO public.b_words VALUES ('a')`,
    // It refuses every change of a definition.
    `CREATE FUNCTION public.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no DDL here'; END $$`,
    `CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION public.refuse_ddl()`,
  );
  const taken = await take(database, backupFolder(), { prove: true });
  expect(taken.unproven).toBeNull();
  expect(taken.manifest.views).toEqual(['public.late', 'public.early']);
});

test('rows that break the schema are restored, and what they break is named', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    `CREATE TABLE public.parents (id int PRIMARY KEY)`,
    `CREATE TABLE public.children (id int, parent int REFERENCES public.parents)`,
    `SET session_replication_role = replica; INSERT INTO public.children VALUES (1, 99)`,
    `CREATE TABLE public.divisors (d int)`,
    `INSERT INTO public.divisors VALUES (1)`,
    `CREATE MATERIALIZED VIEW public.ratios AS SELECT 1 / d AS ratio FROM public.divisors`,
    `INSERT INTO public.divisors VALUES (0)`,
  );
  const taken = await take(database, backupFolder(), { prove: true });
  expect(taken.unproven).toMatch(/rows break a foreign key/);
  expect(taken.unproven).toMatch(/public\.ratios fails: division by zero/);
  const target = await emptyDatabase();
  const { broken } = await restoreArchive(target.url, open(createReadStream(taken.file!), []), {
    signal: new AbortController().signal,
  });
  expect(broken).toEqual([
    expect.stringContaining('children_parent_fkey'),
    expect.stringContaining('public.ratios'),
  ]);
  const client = await connected(target.url);
  const { rows } = await client.query(
    `SELECT (SELECT count(*)::int FROM public.children) AS children, (SELECT convalidated FROM pg_constraint WHERE conname = 'children_parent_fkey') AS checked`,
  );
  expect(rows).toEqual([{ children: 1, checked: false }]);
});

test('roles come back with their limits, settings and memberships, and rights on the database are as they were', async () => {
  const database = await testDatabase();
  const client = await connected(database.url);
  const [group, member] = ['group', 'member'].map((name) => `${name}_${database.name}`);
  const drop = `DROP OWNED BY ${group}, ${member}; DROP ROLE ${group}, ${member}`;
  await client.query(`
    CREATE ROLE ${group}; CREATE ROLE ${member} LOGIN CONNECTION LIMIT 3 VALID UNTIL '2020-01-01';
    GRANT ${group} TO ${member} WITH INHERIT FALSE, SET FALSE;
    GRANT SELECT ON public.bots TO ${group};
    ALTER ROLE ${member} SET statement_timeout = '3s';
    ALTER ROLE ${member} IN DATABASE ${database.name} SET search_path = public, "$user";
    REVOKE ALL ON DATABASE ${database.name} FROM PUBLIC; GRANT CONNECT ON DATABASE ${database.name} TO ${member}`);
  const state = async () => {
    const { rows } = await client.query(
      `SELECT r.rolconnlimit, r.rolvaliduntil, r.rolconfig, m.inherit_option, m.set_option,
              has_database_privilege('public', current_database(), 'CONNECT') AS open,
              has_database_privilege(r.oid, current_database(), 'CONNECT') AS may_connect,
              (SELECT setconfig FROM pg_db_role_setting WHERE setrole = r.oid AND setdatabase <> 0) AS here
       FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid WHERE r.rolname = $1`,
      [member],
    );
    return rows;
  };
  const before = await state();
  expect(before).toMatchObject([{ rolconnlimit: 3, inherit_option: false, open: false }]);
  const statements = [...(await readRoles(client)), ...(await readSettings(client))];
  await client.query(drop);
  await client.query(`GRANT ALL ON DATABASE ${database.name} TO PUBLIC`);
  for (const statement of statements) await client.query(statement);
  onTestFinished(() => administer(database.url, drop));
  expect(await state()).toEqual(before);
});
