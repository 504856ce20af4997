import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
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
  { table, time, key, only, isPlain = false }: RetainedTable,
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
    SELECT ${k} AS key, ${at ?? sql`NULL::timestamptz`} AS at, ${isPlain ? sql`t.ctid` : sql`NULL::tid`} AS place FROM ${sql.table(table)} t
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
 *
 * Rows that something may need are locked by a first statement, and judged again by the second one: what was committed between the
 * snapshot of the first and its locks, such as an undo that a person asks for or a row that refers to one of these, is seen then. While
 * the lock is held nothing can begin to refer to a row, and `requestUndo` finds the heal locked.
 */
export async function removeBatch(
  trx: Transaction<Database>,
  table: RetainedTable,
  from: BatchFrom,
): Promise<RemovedBatch> {
  // Each row is found by its place or its key. A plan that reads the whole table is the right one only while it is small.
  // What a crash takes back goes again in the next run: its commits need not make those of others wait for the disk.
  await sql`SELECT set_config('lock_timeout', '100ms', true), set_config('synchronous_commit', 'off', true), set_config('enable_seqscan', 'off', true),
                   set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`.execute(
    trx,
  );
  if (table.stays.length === 0) return removeSeen(trx, table, from);
  const { locked, ...batch } = await lockBatch(trx, table, from);
  if (locked.keys.length === 0) return { ...batch, removed: 0 };
  return { ...batch, removed: await removeLocked(trx, table, from, locked) };
}

/** So many old rows are looked at to say whether any of them may go. */
const lookedAt = 1_000;

/** Whether any of the old rows of a table between two times may go, as far as the oldest {@link lookedAt} of them say. */
export async function anyToGo(
  db: Db,
  table: RetainedTable,
  { after, before }: { after: Date | null; before: Date },
): Promise<boolean> {
  const { time, key } = table;
  const from = {
    after: null,
    before: sql<Date>`${before}::timestamptz${time && after ? sql` AND ${sql.ref(`t.${time.column}`)} >= ${after}::timestamptz` : sql``}`,
    limit: lookedAt,
  };
  const at = time ? sql`AND ${sql.ref(`t.${time.column}`)} = seen.at` : sql``;
  const { rows } = await sql<{ any: boolean }>`
    WITH seen AS MATERIALIZED (${seenRows(table, from)})
    SELECT EXISTS (SELECT FROM seen JOIN ${sql.table(table.table)} t ON ${sql.ref(`t.${key.column}`)} = seen.key ${at}
      WHERE (${whyStays(table)}) IS NULL) AS any`.execute(db);
  return rows[0]!.any;
}

/** Rows that are locked, each by its key, and by its time where it has one: the key is unique within a time. */
interface LockedRows {
  keys: string[];
  times: string[] | null;
}

interface SeenBatch {
  seen: number;
  at: string | null;
  key: string | null;
}

const lastOf = ({ at, key }: SeenBatch): Position | null =>
  key === null ? null : { time: at, key };

/** How many rows of `seen` there are, and the last one of them. */
const aboutSeen = sql`count(*)::int AS seen,
           (array_agg(at::text ORDER BY at DESC, key DESC))[1] AS at, (array_agg(key::text ORDER BY at DESC, key DESC))[1] AS key
    FROM seen`;

/**
 * The rows of a table that may go; of a heal one stands for all of its steps. Rows that others hold are skipped.
 *
 * A random key costs a page of its index for each row, so rows that this statement has seen are found by their place where the table has no
 * partitions: old rows lie side by side. One that was changed since has another place, and waits for the next night.
 */
function rowsToGo(
  table: RetainedTable,
  rows: RawBuilder<unknown>,
  { byPlace }: { byPlace: boolean },
): RawBuilder<unknown> {
  const { key, time } = table;
  const [k, at] = [sql.ref(`t.${key.column}`), time && sql.ref(`t.${time.column}`)];
  return sql`
        FROM ${rows} JOIN ${sql.table(table.table)} t ON ${byPlace ? sql`t.ctid = seen.place AND ` : sql``}${k} = seen.key ${at ? sql`AND ${at} = seen.at` : sql``}
        WHERE (${whyStays(table)}) IS NULL
        -- Locks rows by their key; rows that others hold are skipped.
        ORDER BY ${k} FOR UPDATE OF t SKIP LOCKED`;
}

async function lockBatch(
  trx: Transaction<Database>,
  table: RetainedTable,
  from: BatchFrom,
): Promise<RemovedBatch & { locked: LockedRows }> {
  const { time, key } = table;
  const { rows } = await sql<SeenBatch & { keys: string[] | null; times: string[] | null }>`
    WITH seen AS MATERIALIZED (${seenRows(table, from)}
    ), locked AS (
      SELECT ${sql.ref(`t.${key.column}`)} AS key, ${time ? sql.ref(`t.${time.column}`) : sql`NULL::timestamptz`} AS at ${rowsToGo(table, sql`seen`, { byPlace: table.isPlain === true })}
    )
    SELECT (SELECT array_agg(key::text ORDER BY key) FROM locked) AS keys, (SELECT array_agg(at::text ORDER BY key) FROM locked) AS times,
           ${aboutSeen}`.execute(trx);
  const [row] = rows as [(typeof rows)[number]];
  return {
    removed: 0,
    seen: row.seen,
    last: lastOf(row),
    locked: { keys: row.keys ?? [], times: time ? (row.times ?? []) : null },
  };
}

/** What `DELETE` is told, and what else the statement writes of the rows that are `gone`. */
function removing(table: RetainedTable, from: BatchFrom, { byPlace }: { byPlace: boolean }) {
  const { time, key, removedBy = key.column, figures } = table;
  const columns = byPlace
    ? ['ctid']
    : time && !table.removedBy
      ? [time.column, removedBy]
      : [removedBy];
  const late =
    figures && from.cleared && isLog(table) ? sql`, ${countLate(figures, from.cleared)}` : sql``;
  return {
    rows: sql`${sql.table(table.table)} WHERE (${sql.join(columns.map((column) => sql.ref(column)))}) IN (
        SELECT ${sql.join(columns.map((column) => sql.ref(`t.${column}`)))}`,
    also: sql`${table.also ? sql`, ${table.also}` : sql``}${late}`,
  };
}

/** Of the locked rows those that nothing needs by now. */
async function removeLocked(
  trx: Transaction<Database>,
  table: RetainedTable,
  from: BatchFrom,
  { keys, times }: LockedRows,
): Promise<number> {
  const { key, time } = table;
  const { rows: which, also } = removing(table, from, { byPlace: false });
  const type = sql.raw(key.type);
  const seen = time
    ? sql`(SELECT key::${type} AS key, at::${sql.raw(time.type)} AS at FROM unnest(${keys}::text[], ${times}::text[]) AS l (key, at)) seen`
    : sql`(SELECT key::${type} AS key FROM unnest(${keys}::text[]) AS l (key)) seen`;
  const { rows } = await sql<{ removed: number }>`
    WITH gone AS (
      DELETE FROM ${which} ${rowsToGo(table, seen, { byPlace: false })})
      RETURNING *
    )${also}
    SELECT count(*)::int AS removed FROM gone`.execute(trx);
  return rows[0]!.removed;
}

/** Rows that nothing can need: one statement. */
async function removeSeen(
  trx: Transaction<Database>,
  table: RetainedTable,
  from: BatchFrom,
): Promise<RemovedBatch> {
  const byPlace = table.isPlain === true && table.removedBy === undefined;
  const { rows: which, also } = removing(table, from, { byPlace });
  const { rows } = await sql<SeenBatch & { removed: number }>`
    WITH seen AS MATERIALIZED (${seenRows(table, from)}
    ), gone AS (
      DELETE FROM ${which} ${rowsToGo(table, sql`seen`, { byPlace })})
      RETURNING *
    )${also}
    SELECT (SELECT count(*)::int FROM gone) AS removed, ${aboutSeen}`.execute(trx);
  const [row] = rows as [(typeof rows)[number]];
  return { removed: row.removed, seen: row.seen, last: lastOf(row) };
}
