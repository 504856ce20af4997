/**
 * What the role with which checks read can still change: it has every right of PUBLIC, and a check that leaves its
 * read-only transaction can use these rights.
 */
import { sql } from 'kysely';
import type { Db } from '../connect.ts';
import { readerRole } from '../reader.ts';

/** A right and its object, in the words of GRANT and REVOKE. */
export interface ReaderRight {
  right: string;
  on: string;
}

/**
 * Rights to write in schemas that are not PostgreSQL's own: to create objects, to change rows and sequences, and to
 * call functions that write with their owner's rights. Empty where the role does not exist. Not included are rights
 * that every role has on every server: to large objects, temporary tables and notifications (docs/rls.md).
 */
export async function readerWrites(db: Db): Promise<ReaderRight[]> {
  const { rows } = await sql<ReaderRight>`
    WITH reader AS MATERIALIZED (SELECT oid FROM pg_roles WHERE rolname = ${readerRole}),
    schema AS MATERIALIZED (
      SELECT n.oid, n.nspname, reader.oid AS reader FROM pg_namespace n, reader
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND has_schema_privilege(reader.oid, n.oid, 'USAGE')
    )
    SELECT 'CREATE' AS "right", 'SCHEMA ' || quote_ident(n.nspname) AS "on"
    FROM pg_namespace n, reader
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND has_schema_privilege(reader.oid, n.oid, 'CREATE')
    UNION ALL (
      SELECT string_agg(name, ', ' ORDER BY place), 'TABLE ' || c.oid::regclass
      FROM schema JOIN pg_class c ON c.relnamespace = schema.oid,
           unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) WITH ORDINALITY AS each (name, place)
      WHERE c.relkind IN ('r', 'p', 'v', 'f')
        AND CASE WHEN name IN ('INSERT', 'UPDATE') THEN has_any_column_privilege(reader, c.oid, name)
                 ELSE has_table_privilege(reader, c.oid, name) END
      GROUP BY c.oid ORDER BY 2
    )
    UNION ALL (
      SELECT 'USAGE, UPDATE', 'SEQUENCE ' || c.oid::regclass
      FROM schema JOIN pg_class c ON c.relnamespace = schema.oid
      WHERE CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(reader, c.oid, 'USAGE, UPDATE') END
      ORDER BY 2
    )
    UNION ALL (
      SELECT 'EXECUTE', 'ROUTINE ' || p.oid::regprocedure
      FROM schema JOIN pg_proc p ON p.pronamespace = schema.oid
      WHERE p.prosecdef AND p.provolatile = 'v' AND has_function_privilege(reader, p.oid, 'EXECUTE')
        -- Only triggers call these; no statement can.
        AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
      ORDER BY 2
    )`.execute(db);
  return rows;
}
