/** Tables of a test's own that need work, and what has been done about them. */
import pg from 'pg';
import { sql, type RawBuilder } from 'kysely';
import { onTestFinished } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { upkeep, type UpkeepRequest } from '../../src/upkeep/upkeep.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

/** A database of which all tables are analysed, so that only what a test adds is due. */
export async function aDatabase(): Promise<TestDatabase> {
  const database = await testDatabase();
  await sql`ANALYZE`.execute(database.db);
  return database;
}

/** Works with as much time as a test may need, unless it says otherwise. */
export const work = ({ db, url }: { db: Db; url: string }, rest: Partial<UpkeepRequest> = {}) =>
  upkeep({
    db,
    url,
    until: performance.now() + 120_000,
    signal: new AbortController().signal,
    isAllowed: async () => true,
    ...rest,
  });

/** A table with so many rows and an index `name_key` over texts in no order, measured when both are new. */
export async function aTable(db: Db, name: string, rows: number): Promise<void> {
  await sql`CREATE TABLE ${sql.table(name)} (id int PRIMARY KEY, key text NOT NULL)`.execute(db);
  await change(
    db,
    sql`INSERT INTO ${sql.table(name)} SELECT n, md5(n::text) FROM generate_series(1, ${rows}::int) n`,
  );
  await sql`CREATE INDEX ${sql.ref(`${name}_key`)} ON ${sql.table(name)} (key)`.execute(db);
  await change(db, sql`VACUUM (ANALYZE) ${sql.table(name)}`);
}

/** Changes rows, and has the server count the change at once: otherwise a session counts once a second. */
export const change = (db: Db, statement: RawBuilder<unknown>) =>
  db.connection().execute(async (one) => {
    await statement.execute(one);
    await sql`SELECT pg_stat_force_next_flush()`.execute(one);
  });

/** Deletes all rows of the table but every tenth one. */
export const deleteMost = (db: Db, name: string) =>
  change(db, sql`DELETE FROM ${sql.table(name)} WHERE id % 10 <> 0`);

export const bytesOf = async (db: Db, index: string): Promise<number> =>
  (
    await sql<{
      bytes: number;
    }>`SELECT pg_relation_size(${index}::regclass)::float8 AS bytes`.execute(db)
  ).rows[0]!.bytes;

/** The names of the invalid indexes of the database. */
export const invalidIndexes = async (db: Db): Promise<string[]> =>
  (
    await sql<{ name: string }>`
      SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid ORDER BY 1`.execute(
      db,
    )
  ).rows.map(({ name }) => name);

/** A session of its own, which is ended with the test. */
export async function session(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end().catch(() => {}));
  return client;
}

/** The statements that sessions of the job carry out now. */
export const busy = (db: Db) => async (): Promise<string[]> =>
  (
    await sql<{ query: string }>`
      SELECT query FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'roundsman maintenance' AND state = 'active' AND query ~ '^(VACUUM|ANALYZE|REINDEX)'`.execute(
      db,
    )
  ).rows.map(({ query }) => query);

/** From now on a VACUUM of this database takes very long: it sleeps after each page. */
export const slowDown = ({ db, name }: TestDatabase) =>
  sql`ALTER DATABASE ${sql.id(name)} SET vacuum_cost_delay = '100ms'`
    .execute(db)
    .then(() => sql`ALTER DATABASE ${sql.id(name)} SET vacuum_cost_limit = 1`.execute(db));
