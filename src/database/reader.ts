/**
 * The role with which checks read (migrations/v8_40_reader.sql). Its only rights to write are PUBLIC's
 * (reader-rights.ts), whatever a check does to its transaction. That prevents accidents and not malice, because a
 * session may leave its role.
 */
import { sql } from 'kysely';
import type { Db } from './connect.ts';

export const readerRole = 'roundsman_reader';

/** The role, if it exists and a session may become it. */
const reader = `
  SELECT r.rolname FROM pg_catalog.pg_roles r
  WHERE r.rolname = '${readerRole}' AND pg_catalog.pg_has_role(r.oid, 'MEMBER')
    AND pg_catalog.has_schema_privilege(r.oid, pg_catalog.to_regnamespace('engine')::oid, 'USAGE')`;

/** For a session's first statement: makes the session use that role. */
export const becomeReader = `set_config('role', coalesce((${reader}), 'none'), false)`;

/** Whether checks read as that role on this database. */
export async function hasReader(db: Db): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT EXISTS (${sql.raw(reader)}) AS there`.execute(db);
  return rows[0]!.there;
}

/** Rows of a table are counted up to this number, which is enough to show that a policy hides rows. */
const maxCounted = 1_000;

/**
 * Tables of the platform of which `reader` sees fewer rows than `db`: row level security would hide rows from checks
 * without an error. Tables that `reader` may not read at all are left out: a check that reads one gets an error.
 */
export async function hiddenFrom(reader: Db, db: Db): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relnamespace IN ('public'::regnamespace, 'engine'::regnamespace) AND c.relrowsecurity
      AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(${readerRole}, c.oid, 'SELECT')
    ORDER BY 1`.execute(db);
  if (tables.length === 0) return [];
  // The server has already quoted the names.
  const counts = sql.join(
    tables.map(
      ({ name }) =>
        sql`SELECT ${name}::text AS name, count(*)::int AS count FROM (SELECT FROM ${sql.raw(name)} LIMIT ${sql.lit(maxCounted)}) seen`,
    ),
    sql` UNION ALL `,
  );
  const seen = async (by: Db) => {
    const { rows } = await sql<{ name: string; count: number }>`${counts}`.execute(by);
    return new Map(rows.map(({ name, count }) => [name, count]));
  };
  // The reader, which may see fewer rows, counts first. Rows that are added between the counts make a table look
  // hidden, but never hide one.
  const [less, all] = [await seen(reader), await seen(db)];
  const again = [...all].filter(([name, count]) => (less.get(name) ?? 0) < count);
  if (again.length === 0) return [];
  // The reader's second count includes rows that were only added in between.
  const later = await seen(reader);
  return again.filter(([name, count]) => (later.get(name) ?? 0) < count).map(([name]) => name);
}
