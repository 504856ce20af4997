/** How large indexes are for their rows, and how large they were when they were smallest: `engine.index_sizes`. */
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { mayMaintain, maySee, ofPlatform } from './due-tables.ts';

/** Smaller indexes are not remembered: their bytes for each row say little, and there are many. */
const leastRemembered = 1_048_576;

export interface Index {
  schema: string;
  index: string;
}

export interface GrownIndex extends Index {
  table: string;
  bytes: number;
  /** how often its smallest size for the same rows it takes now, 2 and more */
  growth: number;
  owner: string;
  allowed: boolean;
  /** for how many seconds its last rebuild went on before its time was over; null where it succeeded */
  broken_off_after: number | null;
}

/**
 * Measures all indexes, or one. Best is what was measured with the fewest bytes for each row; `rebuilt`: what is measured now is the best
 * from now on, whatever was better before, because rows may have become wider for good.
 */
export async function measureIndexes(
  db: Db,
  { one, rebuilt = false }: { one?: Index; rebuilt?: boolean } = {},
): Promise<void> {
  await sql`
    INSERT INTO engine.index_sizes AS known
      (schema_name, index_name, definition, best_bytes, best_rows, best_at, bytes, rows, measured_at, rebuilt_at)
    SELECT schema, name, definition, bytes, rows, now(), bytes, rows, now(), CASE WHEN ${rebuilt} THEN now() END
    FROM (
      SELECT n.nspname AS schema, i.relname AS name, pg_get_indexdef(i.oid) AS definition, pg_relation_size(i.oid) AS bytes,
        -- Of an index without rows the few pages that it has are those of one.
        greatest(i.reltuples, 1)::float8 AS rows
      FROM pg_class i JOIN pg_namespace n ON n.oid = i.relnamespace JOIN pg_index x ON x.indexrelid = i.oid
      -- Below zero: the table was never vacuumed or analysed, and its rows are not known.
      WHERE i.relkind = 'i' AND i.relpersistence <> 't' AND x.indisvalid AND i.reltuples >= 0 AND ${ofPlatform}
        AND (${one === undefined} OR (n.nspname = ${one?.schema ?? null} AND i.relname = ${one?.index ?? null}))
    ) measured
    WHERE bytes >= ${leastRemembered}::int OR ${one !== undefined}
    ORDER BY schema, name
    ON CONFLICT (schema_name, index_name) DO UPDATE SET
      (best_bytes, best_rows, best_at) = (
        SELECT b.bytes, b.rows, b.at FROM (VALUES
          (excluded.best_bytes, excluded.best_rows, excluded.best_at), (known.best_bytes, known.best_rows, known.best_at)
        ) AS b (bytes, rows, at)
        WHERE b.at = excluded.best_at OR (NOT ${rebuilt} AND known.definition = excluded.definition)
        ORDER BY b.bytes / b.rows, b.at LIMIT 1),
      definition = excluded.definition, bytes = excluded.bytes, rows = excluded.rows, measured_at = excluded.measured_at,
      rebuilt_at = CASE WHEN ${rebuilt} THEN excluded.rebuilt_at WHEN known.definition = excluded.definition THEN known.rebuilt_at END,
      broken_off_after = CASE WHEN NOT ${rebuilt} AND known.definition = excluded.definition THEN known.broken_off_after END`.execute(
    db,
  );
}

/** Forgets indexes that are gone; those that may have left something stay until that is removed. */
export async function forgetGone(db: Db): Promise<void> {
  await sql`
    DELETE FROM engine.index_sizes s
    WHERE rebuilding_since IS NULL AND to_regclass(format('%I.%I', schema_name, index_name)) IS NULL`.execute(
    db,
  );
}

/** An index is rebuilt when it takes so often its best size for the same rows, and at least so many bytes. */
export const grown = { times: 2, bytes: 10 * 1_048_576 } as const;

/** The indexes that have grown by what was measured last, those that waste the most first. Exclusion constraints cannot be rebuilt concurrently. */
export async function readGrownIndexes(db: Db): Promise<GrownIndex[]> {
  const { rows } = await sql<GrownIndex>`
    SELECT s.schema_name AS schema, s.index_name AS index, t.relname AS "table", s.bytes::float8 AS bytes,
      (s.bytes / s.rows) / (s.best_bytes / s.best_rows) AS growth, pg_get_userbyid(i.relowner) AS owner, s.broken_off_after,
      ${maySee} AND (pg_has_role(session_user, i.relowner, 'USAGE') OR ${mayMaintain}) AS allowed
    FROM engine.index_sizes s
    JOIN pg_namespace n ON n.nspname = s.schema_name JOIN pg_class i ON i.relnamespace = n.oid AND i.relname = s.index_name
    JOIN pg_index x ON x.indexrelid = i.oid JOIN pg_class t ON t.oid = x.indrelid
    WHERE s.bytes >= ${grown.bytes}::int AND s.bytes / s.rows >= ${grown.times}::int * (s.best_bytes / s.best_rows)
      AND x.indisvalid AND NOT x.indisexclusion AND i.relkind = 'i'
    ORDER BY s.bytes - s.rows * (s.best_bytes / s.best_rows) DESC, 1, 2`.execute(db);
  return rows;
}

/** Notes that a rebuild begins, so that what it may leave is known to be of the engine. */
export async function noteRebuild(db: Db, { schema, index }: Index): Promise<void> {
  await sql`
    UPDATE engine.index_sizes SET rebuilding_since = now()
    WHERE schema_name = ${schema} AND index_name = ${index}`.execute(db);
}

/** Notes that a rebuild has ended and left nothing. */
export async function noteRebuildEnded(db: Db, { schema, index }: Index): Promise<void> {
  await sql`
    UPDATE engine.index_sizes SET rebuilding_since = NULL
    WHERE schema_name = ${schema} AND index_name = ${index}`.execute(db);
}

/** Notes that so many seconds were not enough for a rebuild: the next one begins only where there are more. */
export async function noteTooShort(db: Db, { schema, index }: Index, seconds: number) {
  await sql`
    UPDATE engine.index_sizes SET broken_off_after = ${Math.ceil(seconds)}
    WHERE schema_name = ${schema} AND index_name = ${index}`.execute(db);
}

export const sizeOfIndex = async (db: Db, { schema, index }: Index): Promise<number | null> => {
  const { rows } = await sql<{ bytes: number | null }>`
    SELECT pg_relation_size(to_regclass(format('%I.%I', ${schema}::text, ${index}::text)))::float8 AS bytes`.execute(
    db,
  );
  return rows[0]!.bytes;
};
