/** A whole database there and back: nothing of it is lost or changed. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { backupFolder, backupsIn, plantOddities, take } from './scene.ts';

const rowsOf = (db: TestDatabase['db']) =>
  db.selectFrom('engine.backups').selectAll().orderBy('began_at').execute();

test('a migrated database with one of each odd thing is backed up, and a restored copy is equal', async () => {
  const database = await testDatabase();
  await plantOddities(database);
  const folder = backupFolder();
  const taken = await take(database, folder, { prove: true });
  expect(taken).toMatchObject({ proven: true, unproven: null });
  const names = taken.manifest.tables.map(({ schema, name }) => `${schema}.${name}`);
  const { rows } = await sql<{ name: string }>`
    SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`.execute(
    database.db,
  );
  expect(names.toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
  expect(taken.manifest.largeObjects).toMatchObject({ objects: 2, bytes: 1_400_000 });
  const file = join(folder, backupsIn(folder)[0]!);
  expect(taken.file).toBe(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const [row] = await rowsOf(database.db);
  expect(row).toMatchObject({
    outcome: 'success',
    folder,
    encrypted: false,
    requested_by: 'ann',
    bytes: String(statSync(file).size),
    sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
    tables: names.length,
    proof_error: null,
  });
  expect(row!.proven_at).not.toBeNull();
});
