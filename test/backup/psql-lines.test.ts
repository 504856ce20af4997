/** Lines that begin as commands of psql do, which are content like any other. */
import { createReadStream } from 'node:fs';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import { restoreArchive } from '../../src/backup/restore/restore.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, take } from './scene.ts';

/** All that PostgreSQL says of what was made below. */
const said = `
  SELECT (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'public.manual'::regclass) AS default,
         pg_get_viewdef('public.man') AS view, pg_get_functiondef('public.at'::regproc) AS atomic,
         pg_get_functiondef('public.body'::regproc) AS body, pg_get_functiondef('public.returns'::regproc) AS returns,
         (SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polname = 'p') AS policy,
         (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'c') AS condition,
         (SELECT array_agg(enumlabel::text) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE typname = 'kind') AS labels,
         obj_description('public.manual'::regclass) AS comment`;

test('lines that begin with \\restrict or \\unrestrict are restored wherever they stand', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    String.raw`CREATE TABLE public.manual (page text DEFAULT E'first\n\\restrict access\nlast' CONSTRAINT c CHECK (page <> E'a\n\\UNrestrict b'))`,
    String.raw`COMMENT ON TABLE public.manual IS E'one\n\\restrict two\n\\unrestrict three'`,
    String.raw`CREATE VIEW public.man AS SELECT E'one\n\\unrestrict two\nthree'::text AS page`,
    String.raw`CREATE FUNCTION public.at() RETURNS text BEGIN ATOMIC SELECT E'one\n\\restrict two\nthree'::text; END`,
    `CREATE FUNCTION public.body() RETURNS text LANGUAGE sql AS $$ SELECT '\n\\restrict me' $$`,
    `CREATE FUNCTION public.returns() RETURNS text LANGUAGE sql AS $$ SELECT '\r\\restrict two\r\u2028\\restrict three' $$`,
    String.raw`CREATE TABLE public.pol (a text); CREATE POLICY p ON public.pol USING (a <> E'x\n\\restrict\ny')`,
    String.raw`CREATE TYPE public.kind AS ENUM (E'x\n\\restrict y')`,
  );
  const { file } = await take(database, backupFolder());
  const target = await emptyDatabase();
  const { broken } = await restoreArchive(target.url, open(createReadStream(file!), []), {
    signal: new AbortController().signal,
  });
  expect(broken).toEqual([]);
  const state = async ({ db }: TestDatabase) => (await sql.raw(said).execute(db)).rows;
  const before = await state(database);
  expect(JSON.stringify(before).match(/restrict/gi)).toHaveLength(11);
  expect(await state(target)).toEqual(before);
});
