/**
 * What a REINDEX CONCURRENTLY leaves when it is broken off: an invalid index, named after the one that was to be rebuilt with
 * `_ccnew` or `_ccold` behind it, which writes keep up to date and no read uses.
 */
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { noteRebuildEnded, type Index } from './index-sizes.ts';
import type { Sessions } from './sessions.ts';

/**
 * Invalid indexes `i` that a rebuild of the index `s` has left, or is about to make: of the same columns, as far as that is still there.
 * PostgreSQL shortens long names, so that what is left of two indexes may be named as if it was of one.
 */
const leftBehind = sql`
  pg_class i JOIN pg_namespace n ON n.oid = i.relnamespace JOIN pg_index x ON x.indexrelid = i.oid
    CROSS JOIN LATERAL substring(i.relname::text from '^(.+)_cc(?:new|old)[0-9]*$') AS stem
    WHERE n.nspname = s.schema_name AND NOT x.indisvalid AND i.relkind = 'i'
      AND (stem = s.index_name OR (octet_length(i.relname) >= 60 AND starts_with(s.index_name, stem)))
      AND NOT EXISTS (SELECT FROM pg_index o WHERE o.indexrelid = to_regclass(format('%I.%I', s.schema_name, s.index_name))
        AND (o.indrelid, o.indkey::text, o.indclass::text) <> (x.indrelid, x.indkey::text, x.indclass::text))`;

/**
 * Only of indexes that were noted before their rebuild began. Where another session works on the table with the lock that a rebuild
 * holds, its invalid index may be one that is being built.
 */
async function readLeftovers(db: Db): Promise<Index[]> {
  const { rows } = await sql<Index>`
    SELECT n.nspname AS schema, i.relname AS index FROM engine.index_sizes s, ${leftBehind}
      AND s.rebuilding_since IS NOT NULL AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation IN (x.indrelid, i.oid)
        AND l.mode = 'ShareUpdateExclusiveLock' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY 1, 2`.execute(db);
  return rows;
}

/**
 * Removes what rebuilds have left, and forgets that they were under way where nothing is left. Returns the names of the indexes that
 * were removed. It is done also when the time is over, because it takes moments; what cannot be removed now is by the next run.
 */
export async function removeLeftovers(db: Db, sessions: Sessions): Promise<string[]> {
  const removed: string[] = [];
  for (const { schema, index } of await readLeftovers(db)) {
    const { rows } = await sql<{ statement: string }>`
      SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', ${schema}::text, ${index}::text) AS statement`.execute(
      db,
    );
    const { outcome } = await sessions.tidyUp(rows[0]!.statement);
    if (outcome === 'done') removed.push(`${schema}.${index}`);
  }
  for (const index of await endedRebuilds(db)) await noteRebuildEnded(db, index);
  return removed;
}

/** Whether something is there that a rebuild of this index, which the job began, has left. */
export async function hasLeftover(db: Db, { schema, index }: Index): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT EXISTS (SELECT FROM engine.index_sizes s, ${leftBehind}
      AND s.rebuilding_since IS NOT NULL AND s.schema_name = ${schema} AND s.index_name = ${index}) AS there`.execute(
    db,
  );
  return rows[0]!.there;
}

/** Rebuilds that were begun and of which nothing invalid is there any more. */
async function endedRebuilds(db: Db): Promise<Index[]> {
  const { rows } = await sql<Index>`
    SELECT s.schema_name AS schema, s.index_name AS index FROM engine.index_sizes s
    WHERE s.rebuilding_since IS NOT NULL AND NOT EXISTS (SELECT FROM ${leftBehind})`.execute(db);
  return rows;
}
