/** Kinds of objects that backups of others have lost without a word: each is restored, or named as left out. */
import { createReadStream } from 'node:fs';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import { restoreArchive } from '../../src/backup/restore/restore.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, take } from './scene.ts';

test('they come back, and the proof compares them', async () => {
  const database = await testDatabase();
  const role = `labelled_${database.name}`;
  const comment = `it's $role$ 100 %\nGRANT all`;
  await administer(
    database.url,
    `CREATE ROLE ${role}`,
    `COMMENT ON ROLE ${role} IS '${comment.replaceAll("'", "''")}'`,
    `ALTER DATABASE ${database.name} CONNECTION LIMIT 77`,
    'CREATE TABLE public.kinds (a int PRIMARY KEY, b int, c text STORAGE EXTERNAL, d tsvector)',
    'CREATE STATISTICS public.kinds_stats (ndistinct, dependencies, mcv) ON a, b FROM public.kinds',
    'ALTER STATISTICS public.kinds_stats SET STATISTICS 500',
    'ALTER TABLE public.kinds ALTER COLUMN b SET STATISTICS 300, REPLICA IDENTITY FULL, CLUSTER ON kinds_pkey',
    'ALTER TABLE public.kinds SET (fillfactor = 70, autovacuum_enabled = false)',
    `COMMENT ON STATISTICS public.kinds_stats IS 'of a and b'`,
    'CREATE PUBLICATION part_of_it FOR TABLE public.kinds (a, b) WHERE (a > 5)',
    'CREATE PUBLICATION whole_schema FOR TABLES IN SCHEMA public',
    `COMMENT ON PUBLICATION part_of_it IS 'rows after 5'`,
    'CREATE FOREIGN DATA WRAPPER elsewhere',
    `CREATE SERVER far FOREIGN DATA WRAPPER elsewhere OPTIONS (host 'far.example')`,
    `CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'ann')`,
    'CREATE FOREIGN TABLE public.far_rows (a int) SERVER far',
    'CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$',
    'CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION public.note()',
    'ALTER EVENT TRIGGER noted ENABLE ALWAYS',
    `COMMENT ON EVENT TRIGGER noted IS 'notes'`,
    'CREATE TEXT SEARCH CONFIGURATION public.plain (COPY = simple)',
    `CREATE COLLATION public.numeric_order (provider = icu, locale = 'en-u-kn-true')`,
    'CREATE FUNCTION public.to_int(boolean, text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$',
    'CREATE OPERATOR public.<<<>>> (LEFTARG = boolean, RIGHTARG = text, FUNCTION = public.to_int)',
    'CREATE AGGREGATE public.together(int) (SFUNC = int4pl, STYPE = int, INITCOND = 0)',
    `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ${role}`,
    'CREATE TYPE public.span AS RANGE (SUBTYPE = int)',
    'INSERT INTO public.kinds SELECT n, n % 7, repeat(n::text, 50) FROM generate_series(1, 100) n',
  );
  onTestFinished(() =>
    administer(database.url, `DROP OWNED BY ${role}`).then(() =>
      administer(target.url, `DROP OWNED BY ${role}; DROP ROLE ${role}`),
    ),
  );
  const taken = await take(database, backupFolder(), { prove: true });
  expect(taken.unproven).toBeNull();
  expect(taken.manifest.leftOut.map(({ object }) => object)).toContain('public.far_rows');
  const target = await emptyDatabase();
  // As on another server: there the role is missing.
  await administer(database.url, `DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  await restoreArchive(target.url, open(createReadStream(taken.file!), []), {
    signal: new AbortController().signal,
  });
  const { rows } = await sql`
    SELECT shobj_description(r.oid, 'pg_authid') AS comment, (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS most
    FROM pg_roles r WHERE rolname = ${role}`.execute(target.db);
  expect(rows).toEqual([{ comment, most: 77 }]);
}, 600_000);

test('what belongs to the whole server is named, and a label without its library does not hinder the rest', async () => {
  const database = await testDatabase();
  const role = `setter_${database.name}`;
  await administer(
    database.url,
    `CREATE ROLE ${role}`,
    `GRANT SET ON PARAMETER log_min_duration_statement TO ${role}`,
    'CREATE TABLE public.labelled (a int)',
    'INSERT INTO public.labelled VALUES (1)',
    `GRANT SELECT ON public.labelled TO ${role}`,
    // What a provider of labels writes; none is installed here.
    `INSERT INTO pg_seclabel VALUES ('public.labelled'::regclass, 'pg_class'::regclass, 0, 'gone', 'secret')`,
    `INSERT INTO pg_shseclabel VALUES ('${role}'::regrole, 'pg_authid'::regclass, 'gone', 'secret')`,
  );
  const target = await emptyDatabase();
  onTestFinished(async () => {
    await administer(
      database.url,
      `DELETE FROM pg_shseclabel WHERE provider = 'gone'`,
      `DROP OWNED BY ${role}`,
    );
    await administer(target.url, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });
  const { file, manifest } = await take(database, backupFolder());
  const objects = manifest.leftOut.map(({ object }) => object);
  expect(objects).toContain('rights on parameters of the server (GRANT ... ON PARAMETER)');
  expect(objects).toContain('security labels of roles and of the database');
  const { broken } = await restoreArchive(target.url, open(createReadStream(file!), []), {
    signal: new AbortController().signal,
  });
  expect(broken).toEqual([expect.stringMatching(/a security label is missing: .*gone/)]);
  expect((await sql`SELECT a FROM public.labelled`.execute(target.db)).rows).toEqual([{ a: 1 }]);
}, 600_000);
