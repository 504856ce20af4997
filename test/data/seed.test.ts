import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { ledger } from '../../bots/ledger.ts';
import { pool } from '../../src/data/connect.ts';
import { NotEmptyError, plantings, seedFiction } from '../../src/data/fiction/seed.ts';
import { sizes } from '../../src/data/fiction/sizes.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase } from '../support/database.ts';

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

/** The rows of a table as one number; ids that a table makes itself are left out. */
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

  it('refuses a database with people in it, and changes nothing', async () => {
    const connections = pool(first.url, { max: 1 });
    await expect(seedFiction(connections, 'small', 1)).rejects.toBeInstanceOf(NotEmptyError);
    await connections.end();
  });
});
