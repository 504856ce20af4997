/** What no lock on tables holds, as functions and views, is dropped or replaced between the snapshot of a backup and the dump of its schema. */
import { sql } from 'kysely';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, take } from './scene.ts';

/** Names of roles are of the whole server. */
const role = `changed_definitions_${process.pid}`;

const changes = {
  'a function, a sequence and the name of a role': [
    'DROP FUNCTION app.doubled(int)',
    'DROP SEQUENCE app.turns',
    `ALTER ROLE ${role} RENAME TO ${role}_later`,
  ],
  'a view, of which pg_dump then finds nothing': ['DROP VIEW app.words'],
};

test.each(Object.entries(changes))(
  '%s',
  async (_, statements) => {
    const bookkeeping = await testDatabase();
    const source = await emptyDatabase();
    await administer(
      source.url,
      `CREATE ROLE ${role}`,
      'CREATE SCHEMA app',
      'CREATE TABLE app.held (a int)',
      `GRANT SELECT ON app.held TO ${role}`,
      'CREATE VIEW app.words AS SELECT a FROM app.held',
      'CREATE SEQUENCE app.turns',
      'CREATE FUNCTION app.doubled(a int) RETURNS int LANGUAGE sql AS $$ SELECT a * 2 $$',
    );
    onTestFinished(() =>
      administer(
        source.url,
        'DROP SCHEMA app CASCADE',
        `DROP ROLE IF EXISTS ${role}, ${role}_later`,
      ),
    );
    const migration = new Client({ connectionString: source.url });
    await migration.connect();
    onTestFinished(() => migration.end());
    // The backup waits for this lock with its snapshot.
    await migration.query('BEGIN; LOCK TABLE app.held IN ACCESS EXCLUSIVE MODE');
    const taken = take({ db: bookkeeping.db, url: source.url }, backupFolder(), { prove: true });
    const waits = sql`SELECT FROM pg_locks WHERE NOT granted AND relation = 'app.held'::regclass`;
    await expect
      .poll(async () => (await waits.execute(source.db)).rows.length, { timeout: 60_000 })
      .toBe(1);
    for (const statement of statements) await migration.query(statement);
    await migration.query('COMMIT');
    await expect(taken).resolves.toMatchObject({ proven: true, unproven: null });
  },
  120_000,
);
