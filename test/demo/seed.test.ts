import type pg from 'pg';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { ledger } from '../../bots/ledger.ts';
import { pool } from '../../src/database/connect.ts';
import { fillWithoutIndexes } from '../../src/demo/fill-without-indexes.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { NotEmptyError, plantings, seedFiction } from '../../src/demo/seed.ts';
import { sizes } from '../../src/demo/sizes.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase } from '../support/database.ts';
import { supabaseDatabase } from '../support/supabase.ts';

/** A migrated database whose clock stands still, and what `db seed` makes of it. */
async function seeded(seed: number) {
  const { db, url } = await testDatabase();
  await sql`CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE
            RETURN '2026-03-01T12:00:00Z'::timestamptz`.execute(db);
  const connections = pool(url, { max: 1 });
  const heard: [number, number][] = [];
  try {
    const tables = await seedFiction(connections, 'small', seed, (done, total) =>
      heard.push([done, total]),
    );
    return { db, connections, url, tables, heard };
  } finally {
    await connections.end();
  }
}

/** Every index, constraint and trigger of the platform's tables, as the database words them. */
async function catalogueOf(db: Awaited<ReturnType<typeof seeded>>['db']) {
  const { rows } = await sql<{ line: string }>`
    SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS line
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid, relacl, pg_get_userbyid(relowner))
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgtype, tgenabled, tgfoid::regproc)
    FROM pg_trigger ORDER BY line`.execute(db);
  return rows.map(({ line }) => line);
}

/** The rows of a table as one number. */
async function sumOf(
  db: Awaited<ReturnType<typeof seeded>>['db'],
  table: string,
  columns: readonly string[],
) {
  const { rows } = await sql<{ sum: string }>`
    SELECT sum(hashtextextended(row(${sql.join(columns.map((column) => sql.ref(column)))})::text, 0)) AS sum
    FROM ${sql.table(table)}`.execute(db);
  return rows[0]!.sum;
}

describe('db seed', async () => {
  const first = await seeded(1);

  it('plants what the size says, and tells how far it is', async () => {
    const counts = Object.fromEntries(first.tables.map(({ table, rows }) => [table, rows]));
    expect(counts).toMatchObject({
      profiles: 200,
      app_catalog: 20,
      games_catalog: 100,
      api_logs: 10_000,
      bot_executions: 6_912,
    });
    for (const { table, rows } of first.tables) {
      const found = await sql<{
        count: number;
      }>`SELECT count(*)::int AS count FROM ${sql.table(table)}`.execute(first.db);
      expect({ table, rows: found.rows[0]!.count }).toEqual({ table, rows });
    }
    const [done, total] = first.heard.at(-1)!;
    expect(done).toBe(total);
  });

  it('plants the same rows for the same seed, and others for another', async () => {
    const [again, other] = [await seeded(1), await seeded(2)];
    const world = { size: sizes.small, now: new Date() };
    const differing: string[] = [];
    for (const { table, columns } of plantings(world)) {
      const sum = await sumOf(first.db, table, columns);
      expect({ table, sum: await sumOf(again.db, table, columns) }).toEqual({ table, sum });
      if ((await sumOf(other.db, table, columns)) !== sum) differing.push(table);
    }
    expect(differing).toContain('api_logs');
    expect(differing).toContain('profiles');
  });

  it('leaves a ledger in which every balance adds up, and domains that are nobody’s', async () => {
    for (const check of ['cached-credits', 'balance-chain', 'negative-balance'])
      expect((await runCheck(ledger, check, first.db)).findings).toEqual([]);
    const { rows } = await sql`SELECT FROM profiles WHERE email NOT LIKE '%.test'`.execute(
      first.db,
    );
    expect(rows).toEqual([]);
  });

  it('leaves every guard switched on', async () => {
    const { rows } =
      await sql`SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D'`.execute(
        first.db,
      );
    expect(rows).toEqual([]);
  });

  it('puts back every index and every foreign key that was away meanwhile', async () => {
    const { db } = await testDatabase();
    expect(await catalogueOf(first.db)).toEqual(await catalogueOf(db));
  });

  it('words each index of each planted table as before', async () => {
    const { db, url } = await testDatabase();
    const before = await catalogueOf(db);
    const connections = pool(url, { max: 1 });
    const client = await connections.connect();
    const tables = plantings({ size: sizes.small, now: new Date() }).map(({ table }) => table);
    for (const table of tables.filter((name) => !name.includes('.'))) {
      await client.query('BEGIN');
      await fillWithoutIndexes(client, table, async () => {});
      await client.query('COMMIT');
    }
    client.release(true);
    await connections.end();
    expect(await catalogueOf(db)).toEqual(before);
  });

  it('lets no row into a bare table that refers to nobody', async () => {
    const connections = pool(first.url, { max: 1 });
    const client = await connections.connect();
    await client.query('BEGIN');
    let indexes = -1;
    const filled = fillWithoutIndexes(client, 'api_logs', async () => {
      const { rows } = await client.query<{ count: number }>(
        "SELECT count(*)::int FROM pg_indexes WHERE tablename = 'api_logs'",
      );
      indexes = rows[0]!.count;
      await client.query(`INSERT INTO api_logs (user_id, endpoint, method, status_code)
                          VALUES (gen_random_uuid(), '/', 'GET', 200)`);
    });
    await expect(filled).rejects.toMatchObject({ code: '23503', table: 'api_logs' });
    expect(indexes).toBe(1);
    client.release(true);
    await connections.end();
  });

  it('leaves nothing when its connection breaks, not even a missing index', async () => {
    const { db, url } = await testDatabase();
    const before = await catalogueOf(db);
    const connections = pool(url, { max: 1 });
    let seeding: pg.PoolClient | undefined;
    connections.on('connect', (client) => (seeding = client as pg.PoolClient));
    const heard: string[] = [];
    const seeded = seedFiction(connections, 'small', 1, (_done, _total, name) => {
      heard.push(name);
      if (name === 'indexes of api_logs') seeding!.connection.stream.destroy();
    });
    await expect(seeded).rejects.toThrow();
    await connections.end();
    expect(heard.at(-1)).toBe('indexes of api_logs');
    const { rows } = await sql`
      SELECT (SELECT count(*)::int FROM auth.users) AS users, (SELECT count(*)::int FROM profiles) AS profiles,
        (SELECT count(*)::int FROM api_logs) AS "apiLogs"`.execute(db);
    expect(rows).toEqual([{ users: 0, profiles: 0, apiLogs: 0 }]);
    expect(await catalogueOf(db)).toEqual(before);
  });

  it('needs no superuser', async () => {
    const { db, url } = await supabaseDatabase();
    await migrateToLatest(db);
    const before = await catalogueOf(db);
    const connections = pool(url, { max: 1 });
    await seedFiction(connections, 'small', 1);
    await connections.end();
    expect(await catalogueOf(db)).toEqual(before);
    const { rows } = await sql`
      SELECT count(*)::int AS logs, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super
      FROM api_logs`.execute(db);
    expect(rows).toEqual([{ logs: 10_000, super: false }]);
  });

  it('refuses a database with people in it, and changes nothing', async () => {
    const connections = pool(first.url, { max: 1 });
    await expect(seedFiction(connections, 'small', 1)).rejects.toBeInstanceOf(NotEmptyError);
    await connections.end();
  });
});
