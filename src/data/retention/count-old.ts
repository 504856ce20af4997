/** What retention would remove of a table, and why the rest of its old rows stays. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { referrersOf, type HeldRow } from './chain.ts';
import { seenRows, type Position } from './remove-batch.ts';
import { anyReason, ownIdOf, whyStays, type RetainedTable } from './retained-table.ts';

/** Some of the old rows of a table, by why they stay; null: they would go. */
export interface OldRows {
  why: string | null;
  rows: number;
  oldest: Date | null;
}

export interface CountedBatch {
  counted: OldRows[];
  /** the ids of those that would go, where they keep rows of other tables */
  going: string[];
  /** those that only rows of tables of the list keep, which may go themselves */
  held: HeldRow[];
  /** how many were looked at */
  seen: number;
  last: Position | null;
}

/** The ids of the rows that keep the row `t`, as a list for each reason. */
const idsOfReferring = (table: RetainedTable, all: readonly RetainedTable[]): RawBuilder<unknown> =>
  sql`jsonb_build_array(${sql.join(
    referrersOf(table).map(({ by: { table: name, column, to } }) => {
      const other = all.find((one) => one.table === name)!;
      return sql`ARRAY(SELECT ${sql.ref(`r.${ownIdOf(other)}`)}::text FROM ${sql.table(name)} r WHERE ${sql.ref(`r.${column}`)} = ${sql.ref(`t.${to}`)})`;
    }),
  )})`;

const keepsOthers = ({ table }: RetainedTable, all: readonly RetainedTable[]): boolean =>
  all.some((one) => referrersOf(one).some(({ by }) => by.table === table));

/**
 * The next `limit` old rows after a position, counted, and the last one of them. Of a heal all steps are counted. `all`: every table of which
 * rows are removed.
 */
export async function countOld(
  db: Db,
  table: RetainedTable,
  from: { after: Position | null; before: RawBuilder<Date>; limit: number },
  all: readonly RetainedTable[],
): Promise<CountedBatch> {
  const { time, key, removedBy, stays } = table;
  const size = removedBy
    ? sql`(SELECT count(*)::int FROM ${sql.table(table.table)} g WHERE ${sql.ref(`g.${removedBy}`)} = ${sql.ref(`t.${removedBy}`)})`
    : sql`1`;
  const isHeld = anyReason(stays.filter(({ by }) => by));
  const { rows } = await sql<{
    counted: (Omit<OldRows, 'oldest'> & { oldest: string | null })[] | null;
    going: string[] | null;
    held: (Omit<HeldRow, 'at'> & { at: string | null })[] | null;
    seen: number;
    at: string | null;
    key: string | null;
  }>`
    WITH seen AS MATERIALIZED (${seenRows(table, from)}), judged AS MATERIALIZED (
      SELECT seen.at, ${size} AS size, ${sql.ref(`t.${ownIdOf(table)}`)}::text AS id, alone.why,
             CASE WHEN alone.why IS NULL AND ${isHeld} THEN ${idsOfReferring(table, all)} END AS by
      FROM seen JOIN ${sql.table(table.table)} t ON ${sql.ref(`t.${key.column}`)} = seen.key
        ${time ? sql`AND ${sql.ref(`t.${time.column}`)} = seen.at` : sql``}
        CROSS JOIN LATERAL (SELECT ${whyStays({ stays: stays.filter(({ by }) => !by) })} AS why OFFSET 0) alone
    )
    SELECT (SELECT jsonb_agg(to_jsonb(c)) FROM (
              SELECT why, sum(size) AS rows, min(at)::timestamptz AS oldest FROM judged WHERE by IS NULL GROUP BY why) c) AS counted,
           ${keepsOthers(table, all) ? sql`(SELECT array_agg(id) FROM judged WHERE why IS NULL AND by IS NULL)` : sql`NULL::text[]`} AS going,
           (SELECT jsonb_agg(jsonb_build_object('id', id, 'rows', size, 'at', at::timestamptz, 'by', by)) FROM judged WHERE by IS NOT NULL) AS held,
           count(*)::int AS seen, (array_agg(at::text ORDER BY at DESC, key DESC))[1] AS at,
           (array_agg(key::text ORDER BY at DESC, key DESC))[1] AS key
    FROM seen`.execute(db);
  const [row] = rows as [(typeof rows)[number]];
  const timeOf = (at: string | null) => (at === null ? null : new Date(at));
  return {
    counted: (row.counted ?? []).map((one) => ({ ...one, oldest: timeOf(one.oldest) })),
    going: row.going ?? [],
    held: (row.held ?? []).map((one) => ({ ...one, at: timeOf(one.at) })),
    seen: row.seen,
    last: row.key === null ? null : { time: row.at, key: row.key },
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
