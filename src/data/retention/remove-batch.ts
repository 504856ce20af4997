import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { countLate } from '../rollups/before-removal.ts';
import { isLog, whyStays, type RetainedTable } from './retained-table.ts';

/** The last row that a statement looked at, in the words of the database: a Date has no microseconds. */
export interface Position {
  time: string | null;
  key: string;
}

/**
 * `seen`: the next `limit` rows after a position that are older than `before`, in the order of time and key. It locks none of them.
 */
export function seenRows(
  { table, time, key, only }: RetainedTable,
  { after, before, limit }: { after: Position | null; before: RawBuilder<Date>; limit: number },
): RawBuilder<unknown> {
  const [k, at] = [sql.ref(`t.${key.column}`), time && sql.ref(`t.${time.column}`)];
  const conditions = [
    ...(at ? [sql`${at} < ${before}`] : []),
    ...(only ? [only] : []),
    ...(after === null
      ? []
      : at
        ? [
            sql`(${at}, ${k}) > (${after.time}::${sql.raw(time!.type)}, ${after.key}::${sql.raw(key.type)})`,
          ]
        : [sql`${k} > ${after.key}::${sql.raw(key.type)}`]),
  ];
  return sql`
    SELECT ${k} AS key, ${at ?? sql`NULL::timestamptz`} AS at FROM ${sql.table(table)} t
    ${conditions.length > 0 ? sql`WHERE ${sql.join(conditions, sql` AND `)}` : sql``}
    ORDER BY ${at ? sql`${at}, ` : sql``}${k} LIMIT ${limit}`;
}

export interface RemovedBatch {
  /** how many rows went */
  removed: number;
  /** how many were looked at */
  seen: number;
  /** the last of these; null where there was none */
  last: Position | null;
}

export interface BatchFrom {
  after: Position | null;
  before: RawBuilder<Date>;
  limit: number;
  /** rows from before this are counted as they go; null: all that are there are counted */
  cleared: Date | null;
}

/**
 * Looks at the next old rows of a table, `limit` at most, and removes those that nothing needs. It waits for no row that another
 * transaction holds, and for a table 100 ms at most.
 */
export async function removeBatch(
  trx: Transaction<Database>,
  table: RetainedTable,
  from: BatchFrom,
): Promise<RemovedBatch> {
  // Each row is found by its key. A plan that reads the whole table is the right one only while it is small.
  // What a crash takes back goes again in the next run: its commits need not make those of others wait for the disk.
  await sql`SELECT set_config('lock_timeout', '100ms', true), set_config('synchronous_commit', 'off', true), set_config('enable_seqscan', 'off', true),
                   set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`.execute(
    trx,
  );
  const { time, key, removedBy = key.column } = table;
  const [k, at] = [sql.ref(`t.${key.column}`), time && sql.ref(`t.${time.column}`)];
  const { figures } = table;
  const late =
    figures && from.cleared && isLog(table) ? sql`, ${countLate(figures, from.cleared)}` : sql``;
  const columns = time && !table.removedBy ? [time.column, removedBy] : [removedBy];
  const { rows } = await sql<{
    removed: number;
    seen: number;
    at: string | null;
    key: string | null;
  }>`
    WITH seen AS MATERIALIZED (${seenRows(table, from)}
    ), gone AS (
      DELETE FROM ${sql.table(table.table)} WHERE (${sql.join(columns.map((column) => sql.ref(column)))}) IN (
        SELECT ${sql.join(columns.map((column) => sql.ref(`t.${column}`)))}
        FROM seen JOIN ${sql.table(table.table)} t ON ${k} = seen.key ${at ? sql`AND ${at} = seen.at` : sql``}
        WHERE (${whyStays(table)}) IS NULL
        -- Locks rows by their key; rows that others hold are skipped.
        ORDER BY ${k} FOR UPDATE OF t SKIP LOCKED)
      RETURNING *
    )${table.also ? sql`, ${table.also}` : sql``}${late}
    SELECT (SELECT count(*)::int FROM gone) AS removed, count(*)::int AS seen,
           (array_agg(at::text ORDER BY at DESC, key DESC))[1] AS at, (array_agg(key::text ORDER BY at DESC, key DESC))[1] AS key
    FROM seen`.execute(trx);
  const [{ removed, seen, at: time_, key: last }] = rows as [(typeof rows)[number]];
  return { removed, seen, last: last === null ? null : { time: time_, key: last } };
}
