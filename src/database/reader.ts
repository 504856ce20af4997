/**
 * The role as which checks read (migrations/v8_40_reader.sql). It has no right to write but what PUBLIC has
 * (reader-rights.ts), whatever a check does to its transaction: that stops accidents, and not malice, because a session
 * may leave its role.
 */
import { sql } from 'kysely';
import type { Db } from './connect.ts';

export const readerRole = 'roundsman_reader';

/** The role, where there is one that a session may become. */
const reader = `
  SELECT r.rolname FROM pg_catalog.pg_roles r
  WHERE r.rolname = '${readerRole}' AND pg_catalog.pg_has_role(r.oid, 'MEMBER')
    AND pg_catalog.has_schema_privilege(r.oid, pg_catalog.to_regnamespace('engine')::oid, 'USAGE')`;

/** For a session's first statement: becomes that role. */
export const becomeReader = `set_config('role', coalesce((${reader}), 'none'), false)`;

/** Whether checks read as that role here. */
export async function hasReader(db: Db): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT EXISTS (${sql.raw(reader)}) AS there`.execute(db);
  return rows[0]!.there;
}

/** Rows of a table are counted up to here: that a policy hides some shows in the first ones. */
const mostCounted = 1_000;

/**
 * Tables of the platform of which `reader` sees fewer rows than `db`: row level security would blind checks without
 * an error. A table that it may not read at all is none of them: a check that asks for it is told.
 */
export async function hiddenFrom(reader: Db, db: Db): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relnamespace IN ('public'::regnamespace, 'engine'::regnamespace) AND c.relrowsecurity
      AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(${readerRole}, c.oid, 'SELECT')
    ORDER BY 1`.execute(db);
  if (tables.length === 0) return [];
  // The names come quoted from the server.
  const counts = sql.join(
    tables.map(
      ({ name }) =>
        sql`SELECT ${name}::text AS name, count(*)::int AS count FROM (SELECT FROM ${sql.raw(name)} LIMIT ${sql.lit(mostCounted)}) seen`,
    ),
    sql` UNION ALL `,
  );
  const seen = async (by: Db) => {
    const { rows } = await sql<{ name: string; count: number }>`${counts}`.execute(by);
    return new Map(rows.map(({ name, count }) => [name, count]));
  };
  // First the one that may see fewer: rows that come meanwhile hide nothing.
  const [less, all] = [await seen(reader), await seen(db)];
  const again = [...all].filter(([name, count]) => (less.get(name) ?? 0) < count);
  if (again.length === 0) return [];
  // What only came in between is seen the second time.
  const later = await seen(reader);
  return again.filter(([name, count]) => (later.get(name) ?? 0) < count).map(([name]) => name);
}
