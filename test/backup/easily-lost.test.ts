/** What a backup could lose: all of it for one index, and what is said of an object beside its content. */
import { createReadStream } from 'node:fs';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import { restoreArchive } from '../../src/backup/restore/restore.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, take } from './scene.ts';

const restored = async (file: string) => {
  const target = await emptyDatabase();
  const { broken } = await restoreArchive(target.url, open(createReadStream(file), []), {
    signal: new AbortController().signal,
  });
  return { target, broken };
};

const rowsOf = async ({ db }: TestDatabase, text: string) => (await sql.raw(text).execute(db)).rows;

test('equal rows below a unique index are restored, and the index and what needs it are named', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    'CREATE TABLE public.named (name text CONSTRAINT named_key PRIMARY KEY, kind text)',
    `COMMENT ON CONSTRAINT named_key ON public.named IS 'one each'`,
    'CREATE TABLE public.uses (name text REFERENCES public.named)',
    'CREATE INDEX named_kind ON public.named (kind)',
    `INSERT INTO public.named VALUES ('a', 'x')`,
    // Such an index is what another version of the collations leaves.
    `UPDATE pg_index SET indisready = false WHERE indexrelid = 'public.named_key'::regclass`,
    `INSERT INTO public.named VALUES ('a', 'y')`,
    `UPDATE pg_index SET indisready = true WHERE indexrelid = 'public.named_key'::regclass`,
  );
  const taken = await take(database, backupFolder(), { prove: true });
  expect(taken.unproven).toMatch(/rows break an index, which is missing now: .*named_key/);
  const { target, broken } = await restored(taken.file!);
  expect(broken).toEqual([
    expect.stringContaining('Key (name)=(a) is duplicated'),
    expect.stringContaining('COMMENT ON CONSTRAINT named_key'),
    expect.stringContaining('uses_name_fkey'),
  ]);
  expect(await rowsOf(target, 'SELECT kind FROM public.named ORDER BY kind')).toEqual([
    { kind: 'x' },
    { kind: 'y' },
  ]);
  expect(await rowsOf(target, `SELECT FROM pg_class WHERE relname = 'named_kind'`)).toHaveLength(1);
});

test('large objects keep comments and limits of their rights, and the database its comment', async () => {
  const database = await testDatabase();
  const role = `reader_${database.name}`;
  const comment = `it's 100 % $set$ "odd" \\ and\nlong`;
  await administer(
    database.url,
    `CREATE ROLE ${role}`,
    'SELECT lo_create(5000), lo_create(5001), lo_create(5002)',
    `COMMENT ON LARGE OBJECT 5000 IS 'it''s \\ odd; and\nlong'`,
    `GRANT SELECT ON LARGE OBJECT 5000 TO ${role} WITH GRANT OPTION`,
    'REVOKE ALL ON LARGE OBJECT 5001 FROM CURRENT_USER',
    'REVOKE UPDATE ON LARGE OBJECT 5002 FROM CURRENT_USER',
    `COMMENT ON DATABASE ${database.name} IS '${comment.replaceAll("'", "''")}'`,
  );
  onTestFinished(() =>
    administer(database.url, `DROP OWNED BY ${role}`).then(() =>
      administer(target.url, `DROP OWNED BY ${role}; DROP ROLE ${role}`),
    ),
  );
  const taken = await take(database, backupFolder(), { prove: true });
  expect(taken.unproven).toBeNull();
  const { target } = await restored(taken.file!);
  const objects = `
    SELECT oid, lomacl::text, obj_description(oid, 'pg_largeobject') FROM pg_largeobject_metadata ORDER BY 1`;
  expect(await rowsOf(target, objects)).toEqual(await rowsOf(database, objects));
  const said = `SELECT shobj_description(oid, 'pg_database') AS said FROM pg_database WHERE datname = current_database()`;
  expect(await rowsOf(target, said)).toEqual([{ said: comment }]);
});
