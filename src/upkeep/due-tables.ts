/** Which tables need VACUUM or ANALYZE, and why. */
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';

export type Reason =
  | 'wraparound'
  | 'dead rows'
  | 'inserted rows'
  | 'changed rows'
  | 'old statistics';

export interface DueTable {
  schema: string;
  table: string;
  /** with its indexes and its TOAST table */
  bytes: number;
  dead: number;
  vacuum: Reason | null;
  analyze: Reason | null;
  owner: string;
  /** whether this login may do it */
  allowed: boolean;
}

/**
 * When a table is due. Autovacuum, if it is on, works at 20 % dead or new rows and at 10 % changed ones (autovacuum_*_scale_factor);
 * the quiet hours are there to do it before that, so that it does not begin at a busy time.
 */
export const due = {
  /** of all rows, and at least so many */
  deadPercent: 5,
  deadRows: 1_000,
  /** new rows since the last VACUUM: it marks their pages as visible to all, and freezes them */
  insertedPercent: 10,
  insertedRows: 10_000,
  changedPercent: 5,
  changedRows: 1_000,
  /** statistics of a table that changes are not left older than this */
  analyzedDays: 30,
  /** of autovacuum_freeze_max_age, at which a VACUUM is forced at whatever time */
  freezePercent: 50,
  /** The server never analyses a partitioned table as a whole, only its partitions: it is done here, each week where these were analysed since. */
  partitionedDays: 6,
} as const;

/** Schemas of PostgreSQL's own, and of sessions' temporary tables. */
export const ofPlatform = sql`n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`;

/** From PostgreSQL 17 on a role may be given this right without owning the table `t`. Others do not know its name. */
export const mayMaintain = sql`CASE WHEN current_setting('server_version_num')::int >= 170000
    THEN has_table_privilege(session_user, t.oid, 'MAINTAIN') ELSE false END`;

export const maySee = sql`has_schema_privilege(session_user, n.oid, 'USAGE')`;

/** The most urgent first: what comes near to wraparound, then by dead rows, then by size. */
export async function readDueTables(db: Db): Promise<DueTable[]> {
  const limit = (name: string) =>
    sql`current_setting(${sql.lit(name)})::float8 * ${sql.lit(due.freezePercent / 100)}`;
  const { rows } = await sql<DueTable>`
    WITH tables AS MATERIALIZED (
      SELECT n.nspname AS schema, t.relname AS "table", pg_get_userbyid(t.relowner) AS owner, t.oid,
        coalesce(leaves.live, s.n_live_tup, 0)::float8 AS live, coalesce(s.n_dead_tup, 0)::float8 AS dead,
        coalesce(s.n_ins_since_vacuum, 0)::float8 AS inserted, coalesce(leaves.changed, s.n_mod_since_analyze, 0)::float8 AS changed,
        greatest(s.last_analyze, s.last_autoanalyze) AS analyzed, coalesce(leaves.known, t.reltuples) AS reltuples,
        leaves.analyzed AS leaves_analyzed, t.relkind,
        greatest(age(t.relfrozenxid), age(toast.relfrozenxid))::float8 AS xids,
        greatest(mxid_age(t.relminmxid), mxid_age(toast.relminmxid))::float8 AS multixacts,
        ${maySee} AND (pg_has_role(session_user, t.relowner, 'USAGE') OR ${mayMaintain}
          OR (SELECT pg_has_role(session_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database())) AS allowed
      FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
      LEFT JOIN pg_stat_all_tables s ON s.relid = t.oid
      LEFT JOIN pg_class toast ON toast.oid = t.reltoastrelid
      LEFT JOIN LATERAL (
        SELECT sum(l.n_live_tup) AS live, sum(l.n_mod_since_analyze) AS changed, sum(greatest(p.reltuples, 0)) AS known,
          max(greatest(l.last_analyze, l.last_autoanalyze)) AS analyzed
        FROM pg_partition_tree(t.oid) tree JOIN pg_class p ON p.oid = tree.relid LEFT JOIN pg_stat_all_tables l ON l.relid = tree.relid
        WHERE tree.isleaf AND t.relkind = 'p') leaves ON t.relkind = 'p'
      WHERE t.relkind IN ('r', 'm', 'p') AND t.relpersistence <> 't' AND ${ofPlatform}
    ), judged AS (
      SELECT *, CASE
          -- Its rows are its partitions', which are listed themselves.
          WHEN relkind = 'p' THEN NULL
          WHEN xids >= ${limit('autovacuum_freeze_max_age')} OR multixacts >= ${limit('autovacuum_multixact_freeze_max_age')}
            THEN 'wraparound'
          WHEN dead >= ${due.deadRows}::int AND dead >= (live + dead) * ${due.deadPercent / 100}::float8 THEN 'dead rows'
          WHEN inserted >= ${due.insertedRows}::int AND inserted >= live * ${due.insertedPercent / 100}::float8 THEN 'inserted rows'
        END AS vacuum, CASE
          WHEN changed >= ${due.changedRows}::int AND changed >= live * ${due.changedPercent / 100}::float8 THEN 'changed rows'
          WHEN analyzed IS NULL AND greatest(live, changed, reltuples) > 0 THEN 'old statistics'
          -- Their own ANALYZE follows that of the whole at once.
          WHEN leaves_analyzed > analyzed + interval '1 hour' AND analyzed < now() - make_interval(days => ${due.partitionedDays}::int) THEN 'old statistics'
          WHEN analyzed < now() - make_interval(days => ${due.analyzedDays}::int) AND changed > 0 THEN 'old statistics'
        END AS "analyze"
      FROM tables
    )
    SELECT schema, "table", owner, allowed, dead, vacuum, "analyze", pg_total_relation_size(oid)::float8 AS bytes
    FROM judged WHERE vacuum IS NOT NULL OR "analyze" IS NOT NULL
    ORDER BY vacuum = 'wraparound' DESC NULLS LAST, vacuum IS NULL, dead DESC, bytes DESC, schema, "table"`.execute(
    db,
  );
  return rows;
}

/** The size of a table with its indexes; null where it is gone. */
export async function sizeOf(
  db: Db,
  { schema, table }: { schema: string; table: string },
): Promise<number | null> {
  const { rows } = await sql<{ bytes: number | null }>`
    SELECT pg_total_relation_size(to_regclass(format('%I.%I', ${schema}::text, ${table}::text)))::float8 AS bytes`.execute(
    db,
  );
  return rows[0]!.bytes;
}
