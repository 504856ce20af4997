/** A table that a migration rewrites while a backup waits for it: an older snapshot shows it without rows. */
import { sql } from 'kysely';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, take } from './scene.ts';

for (const change of [
  'ALTER TABLE public.grown ADD COLUMN c int DEFAULT 7',
  'ALTER TABLE public.grown DROP COLUMN b',
  'ALTER TABLE public.grown RENAME COLUMN b TO c',
  'CREATE TABLE public.other AS SELECT generate_series(1, 1000) AS a; DROP TABLE public.grown; ALTER TABLE public.other RENAME TO grown',
  'ALTER TABLE public.grown ALTER a TYPE bigint',
  'CREATE TABLE public.other AS TABLE public.grown; TRUNCATE public.grown; INSERT INTO public.grown TABLE public.other',
  'CREATE TABLE public.other AS TABLE public.grown; DROP TABLE public.grown; ALTER TABLE public.other RENAME TO grown',
])
  test(`a migration that the backup waits for loses no rows: ${change.slice(0, 60)}`, async () => {
    const database = await testDatabase();
    await administer(
      database.url,
      'CREATE TABLE public.grown AS SELECT n AS a, n AS b FROM generate_series(1, 1000) n',
    );
    const migration = new Client({ connectionString: database.url });
    await migration.connect();
    onTestFinished(() => migration.end());
    await migration.query(`BEGIN; ${change}`);
    const taken = take(database, backupFolder());
    const waiting = `SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessShareLock'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await vi.waitFor(
      async () => expect((await sql.raw(waiting).execute(database.db)).rows).toHaveLength(1),
      {
        timeout: 60_000,
      },
    );
    await migration.query('COMMIT');
    const { manifest } = await taken;
    expect(manifest.tables.find(({ name }) => name === 'grown')).toMatchObject({ rows: 1000 });
  });
