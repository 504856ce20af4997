/** What retention would remove of a table, and why the rest of its old rows stays. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { seenRows, type Position } from './remove-batch.ts';
import { whyStays, type RetainedTable } from './retained-table.ts';

/** Some of the old rows of a table, by why they stay; null: they would go. */
export interface OldRows {
  why: string | null;
  rows: number;
  oldest: Date | null;
}

/** The next `limit` old rows after a position, counted, and the last one of them. */
export async function countOld(
  db: Db,
  table: RetainedTable,
  from: { after: Position | null; before: RawBuilder<Date>; limit: number },
): Promise<{ counted: OldRows[]; seen: number; last: Position | null }> {
  const { time, key } = table;
  const { rows } = await sql<OldRows & { at: string | null; key: string }>`
    WITH seen AS MATERIALIZED (${seenRows(table, from)}), judged AS (
      SELECT seen.*, ${whyStays(table)} AS why
      FROM seen JOIN ${sql.table(table.table)} t ON ${sql.ref(`t.${key.column}`)} = seen.key
        ${time ? sql`AND ${sql.ref(`t.${time.column}`)} = seen.at` : sql``}
    ), last AS (SELECT at::text, key::text FROM seen ORDER BY seen.at DESC, seen.key DESC LIMIT 1)
    SELECT why, count(*)::int AS rows, min(judged.at)::timestamptz AS oldest, min(last.at) AS at, min(last.key) AS key
    FROM judged, last GROUP BY why ORDER BY count(*) DESC, why`.execute(db);
  return {
    counted: rows.map(({ why, rows: count, oldest }) => ({ why, rows: count, oldest })),
    seen: rows.reduce((sum, row) => sum + row.rows, 0),
    last: rows[0] ? { time: rows[0].at, key: rows[0].key } : null,
  };
}

/** So many are counted at most. */
const maxTimeless = 1_000_000;

/** How many rows of a log have no time, so that they never become old. */
export async function countTimeless(db: Db, { table, time }: RetainedTable): Promise<number> {
  if (time === null) return 0;
  const { rows } = await sql<{ rows: number }>`
    SELECT count(*)::int AS rows FROM (
      SELECT FROM ${sql.table(table)} WHERE ${sql.ref(time.column)} IS NULL LIMIT ${maxTimeless}) timeless`.execute(
    db,
  );
  return rows[0]!.rows;
}

/** The size of a table in bytes, its indexes included, and about how many rows it has; by its statistics, or by counting if they have none. */
export async function sizeOf(
  db: Db,
  { table }: RetainedTable,
): Promise<{ bytes: number; rows: number }> {
  const { rows } = await sql<{ bytes: number; rows: number }>`
    WITH part AS (SELECT relid FROM pg_partition_tree(${table}::regclass)
                  UNION SELECT ${table}::regclass)
    SELECT sum(pg_total_relation_size(relid))::float8 AS bytes, sum(greatest(c.reltuples, 0))::float8 AS rows
    FROM part JOIN pg_class c ON c.oid = part.relid`.execute(db);
  return rows[0]!;
}
