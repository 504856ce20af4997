/** A database like Supabase's: what belongs to the provider and cannot be read is named, and its keys come back. */
import { sql } from 'kysely';
import { expect, inject, test } from 'vitest';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { restoreBackup } from '../../src/services/backups/restore.ts';
import { emptyDatabase } from '../support/database.ts';
import { administer, inDatabase } from '../support/postgres.ts';
import { supabaseDatabase } from '../support/supabase.ts';
import { actor, backupFolder, take } from './scene.ts';

test('rows of auth.users are left out and named, and people keep their ids', async () => {
  const database = await supabaseDatabase();
  await migrateToLatest(database.db);
  const asSuperuser = inDatabase(inject('postgresUrl'), database.name);
  await administer(
    asSuperuser,
    `INSERT INTO auth.users (id, email) SELECT gen_random_uuid(), 'user' || n || '@example.com' FROM generate_series(1, 5) n`,
    `INSERT INTO public.profiles (id, email) SELECT id, email FROM auth.users ON CONFLICT DO NOTHING`,
  );
  const { file, manifest } = await take(database, backupFolder());
  expect(manifest.leftOut).toContainEqual({
    object: 'rows of auth.users',
    why: 'row level security hides rows from the login',
  });
  expect(manifest.tables.map(({ schema }) => schema)).not.toContain('auth');
  const key = manifest.references.find(({ table }) => table === 'profiles')!;
  expect(key).toMatchObject({ referencedTable: 'users', keys: 5 });

  const target = await emptyDatabase();
  const restored = await restoreBackup(
    { url: target.url, actor },
    { file: file!, signal: new AbortController().signal },
  );
  expect(restored).toMatchObject({ notValid: [], missingKeys: [] });
  const { rows } = await sql<{ users: number; profiles: number; valid: boolean }>`
    SELECT (SELECT count(*)::int FROM auth.users) AS users, (SELECT count(*)::int FROM public.profiles) AS profiles,
           (SELECT bool_and(convalidated) FROM pg_constraint WHERE confrelid = 'auth.users'::regclass) AS valid`.execute(
    target.db,
  );
  expect(rows[0]).toEqual({ users: 5, profiles: 5, valid: true });
});
