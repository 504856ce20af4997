/**
 * Builds the indexes of pending migrations on large tables before the migration locks all tables: so users write on meanwhile. A file that
 * says CREATE INDEX IF NOT EXISTS then finds its index there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import type { MigrationFile } from './differences.ts';

/** The comment of an index that was built here; until its migration is applied, its name counts as one of Roundsman's own. */
export const builtBefore = 'Roundsman: built before its migration';

/** A smaller table is indexed within a second, in the migration itself. In pages of 8 KiB: 64 MiB. */
const fewPages = 8_192;

const pattern = /^CREATE INDEX IF NOT EXISTS (\w+)\s+ON (\w+)[^;]*;/gm;

/** Unlike the migration, it locks no table against writing, and waits for transactions that are open. To be called {@link alone}. */
export async function buildIndexes(
  db: Kysely<any>,
  pending: readonly MigrationFile[],
): Promise<string[]> {
  const wanted = pending.flatMap(({ text }) =>
    [...text.matchAll(pattern)].map(([statement, name, table]) => ({
      statement: statement.replace('CREATE INDEX', 'CREATE INDEX CONCURRENTLY'),
      name: name!,
      table: table!,
    })),
  );
  if (wanted.length === 0) return [];
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relpages > ${fewPages}
      AND relname = ANY (${wanted.map(({ table }) => table)}) AND pg_has_role(relowner, 'USAGE')`.execute(
    db,
  );
  const large = new Set(rows.map(({ name }) => name));
  if (large.size === 0) return [];
  return buildEach(
    db,
    wanted.filter(({ table }) => large.has(table)),
  );
}

const lockKey = sql`hashtextextended('roundsman: indexes before a migration', 0)`;

/**
 * Only one process at a time searches for names that are taken and builds: an index that another one is building looks like one of the
 * platform's, or like one that a failed try has left. A statement that waits for the lock would keep the other's build waiting, so it
 * is asked for again and again.
 */
export async function alone<Result>(db: Kysely<any>, work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    const { rows } = await sql<{ own: boolean }>`
      SELECT pg_try_advisory_lock(${lockKey}) AS own`.execute(db);
    if (rows[0]!.own) break;
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    await sql`SELECT pg_advisory_unlock(${lockKey})`.execute(db).catch(() => {});
  }
}

interface Wanted {
  statement: string;
  name: string;
}

async function buildEach(db: Kysely<any>, wanted: readonly Wanted[]): Promise<string[]> {
  const built: string[] = [];
  for (const { statement, name } of wanted) {
    try {
      // What an earlier try has left half built would stay so: IF NOT EXISTS finds it.
      if (await isHalfBuilt(db, name)) await drop(db, name);
      await sql.raw(statement).execute(db);
      await sql`COMMENT ON INDEX ${sql.id('public', name)} IS ${sql.lit(builtBefore)}`.execute(db);
      built.push(name);
    } catch {
      // An earlier file may have to add its column first, or the table is in use: then the migration itself builds it.
      if (await isHalfBuilt(db, name).catch(() => false)) await drop(db, name).catch(() => {});
    }
  }
  return built;
}

async function isHalfBuilt(db: Kysely<any>, name: string): Promise<boolean> {
  const { rows } = await sql<{ half: boolean }>`
    SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(${`public.${name}`}) AND NOT indisvalid) AS half`.execute(
    db,
  );
  return rows[0]!.half;
}

const drop = (db: Kysely<any>, name: string) =>
  sql`DROP INDEX CONCURRENTLY IF EXISTS ${sql.id('public', name)}`.execute(db);
