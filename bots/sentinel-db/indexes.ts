/** Indexes that are invalid, and those that repeat another one. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { bytes, isOfUsers, nameOf, reportList } from './report.ts';

/** Whether a lock on the table shows that an index is being built or dropped. Some roles cannot see commands, but all see locks. */
const isBeingBuilt = sql`EXISTS (
  SELECT FROM pg_locks l WHERE l.relation = i.indrelid AND l.locktype = 'relation' AND l.granted
    AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'AccessExclusiveLock')
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;

interface Invalid {
  name: string;
  table: string;
  unique: boolean;
  count: number;
}

export async function findInvalidIndexes(
  config: Config,
  { db }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Invalid>`
    SELECT total.count, found.* FROM (SELECT count(*)::int AS count FROM pg_index) total LEFT JOIN LATERAL (
      SELECT ${nameOf('n.nspname', 'x.relname')} AS name, t.relname AS "table", i.indisunique AS "unique"
      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = x.relnamespace
      WHERE NOT i.indisvalid AND x.relkind = 'i' AND ${isOfUsers('n.nspname')} AND NOT ${isBeingBuilt}
      ORDER BY i.indisunique DESC, name LIMIT ${config.max_findings + 1}
    ) found ON true ORDER BY found."unique" DESC, found.name`.execute(db);
  const found = rows.filter(({ name }) => name !== null);
  return reportList(
    found,
    config,
    ({ name: component, table, unique }) => ({
      severity: unique ? 'high' : 'medium',
      title: `Invalid index ${component} of ${table}: it is kept up to date and never used`,
      description: unique
        ? 'CREATE UNIQUE INDEX CONCURRENTLY failed, mostly because of rows that are not unique.'
        : 'CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY failed.',
      component,
      metadata: { table, unique },
    }),
    {
      count: rows[0]!.count,
      figures: [
        { name: 'indexes', value: rows[0]!.count },
        { name: 'invalid indexes', value: found.length },
      ],
    },
  );
}

interface Duplicate {
  name: string;
  table: string;
  /** the index that stays */
  other: string;
  size: number;
  count: number;
}

/** An expression as PostgreSQL stores it, without its position in the statement that made it. */
const expression = (column: string) =>
  sql`regexp_replace(${sql.ref(column)}::text, ':(location|stmt_location|stmt_len) -?\\d+', '', 'g')`;

/**
 * Two indexes are the same if table, method, columns, operator classes with their options, collations, order, expressions and
 * condition are. A plain one beside a unique one is superfluous; so is the younger of two unique ones, unless it forbids more: a
 * second NULL, or a repeated value at once where the other one is checked at the end of the transaction. A primary key, and what a
 * constraint or logical replication uses, stays.
 */
export async function findDuplicateIndexes(
  config: Config,
  { db }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Duplicate>`
    WITH indexes AS MATERIALIZED (
      SELECT i.indexrelid, i.indrelid, ${nameOf('n.nspname', 'x.relname')} AS name, x.relname, x.relpages, n.nspname,
        concat_ws(' / ', x.relam, i.indnkeyatts, i.indkey, i.indclass, i.indcollation, i.indoption, ${expression('i.indexprs')}, '|',
                  ${expression('i.indpred')}, x.reloptions, (SELECT string_agg(a.attnum || a.attoptions::text, ',' ORDER BY a.attnum)
                   FROM pg_attribute a WHERE a.attrelid = x.oid AND a.attoptions IS NOT NULL)) AS same,
        i.indisprimary, i.indisunique, i.indisreplident, i.indimmediate,
        -- A primary key has no NULLs.
        i.indnullsnotdistinct OR i.indisprimary AS one_null, EXISTS (
          SELECT FROM pg_constraint k WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x')) AS constrains
      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
      WHERE i.indisvalid AND NOT x.relispartition AND ${isOfUsers('n.nspname')} AND n.nspname <> ALL (${config.ignored_schemas}::text[])
    ), ranked AS (
      SELECT *, row_number() OVER (
          PARTITION BY indrelid, same ORDER BY indisprimary DESC, constrains DESC, indisreplident DESC, indisunique DESC,
            one_null DESC, indimmediate DESC, indexrelid) AS place
      FROM indexes
    )
    SELECT total.count, found.* FROM (SELECT count(*)::int AS count FROM indexes) total LEFT JOIN LATERAL (
      SELECT r.name, t.relname AS "table", kept.relname AS other, r.relpages * current_setting('block_size')::float8 AS size
      FROM ranked r JOIN pg_class t ON t.oid = r.indrelid CROSS JOIN LATERAL (
        SELECT k.relname FROM ranked k
        WHERE k.indrelid = r.indrelid AND k.same = r.same AND k.place < r.place
          AND (NOT r.indisunique OR k.indisunique AND k.one_null >= r.one_null AND k.indimmediate >= r.indimmediate)
        ORDER BY k.place LIMIT 1
      ) kept
      WHERE r.place > 1 AND NOT r.indisreplident AND r.relname <> ALL (${config.ignored_indexes}::text[])
      ORDER BY r.relpages DESC, r.name LIMIT ${config.max_findings + 1}
    ) found ON true ORDER BY found.size DESC, found.name`.execute(db);
  const found = rows.filter(({ name }) => name !== null);
  return reportList(
    found,
    config,
    ({ name: component, table, other, size }) => ({
      severity: 'low',
      title: `Duplicate index ${component} of ${table}: ${other} is the same, and it takes ${bytes(size)}`,
      description: 'Each write of the table keeps both up to date.',
      component,
      metadata: { table, other, size },
    }),
    {
      count: rows[0]!.count,
      figures: [
        { name: 'indexes', value: rows[0]!.count },
        { name: 'duplicate indexes', value: found.length },
        {
          name: 'size of duplicates',
          value: found.reduce((sum, { size }) => sum + size, 0),
          unit: 'bytes',
        },
      ],
    },
  );
}
