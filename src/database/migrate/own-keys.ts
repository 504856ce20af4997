/** Finds keys that the platform added to the bots' tables, and that may refuse the rows that the engine writes. */
import { sql, type Transaction } from 'kysely';
import { scratch } from './differences.ts';

/** A key that stands in the way. */
export interface OwnKey {
  table: string;
  /** the index's or the constraint's, as PostgreSQL keeps it */
  name: string;
  difference: string;
}

/**
 * Unique indexes, UNIQUE and EXCLUDE constraints of the bots' tables that are there. Left out are primary keys and
 * documented names, which are compared elsewhere, and a unique key with all columns of a documented one: it refuses
 * nothing that the documented one lets in. Needs the documented tables in scratch.
 */
export async function ownKeys(
  trx: Transaction<any>,
  existingTables: Set<string>,
): Promise<OwnKey[]> {
  const tables = [...existingTables].filter((table) => /^bots$|^bot_/.test(table));
  const { rows } = await sql<OwnKey>`
    WITH keys AS (
      SELECT t.relnamespace::regnamespace::text AS place, t.relname AS relation, t.oid AS relid, i.relname AS name,
             x.indexrelid, x.indisunique, x.indisprimary, c.contype, c.conname,
             ARRAY(SELECT attname::text FROM unnest((x.indkey::int2[])[0:x.indnkeyatts - 1]) AS number
                   JOIN pg_attribute ON attrelid = t.oid AND attnum = number) AS columns
      FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
      LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype IN ('p', 'u', 'x')
      WHERE t.relnamespace IN ('public'::regnamespace, ${scratch}::regnamespace) AND t.relkind = 'r'
        AND t.relname = ANY (${tables})
    )
    SELECT relation AS "table", name,
           format('%s: %s %I may refuse what the engine writes (%s%s)', relation,
                  CASE contype WHEN 'u' THEN 'unique constraint' WHEN 'x' THEN 'exclusion constraint' ELSE 'unique index' END, name,
                  (SELECT string_agg(format('ALTER TABLE %s DROP CONSTRAINT %I; ', f.conrelid::regclass, f.conname), '' ORDER BY f.oid)
                   FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = indexrelid),
                  CASE WHEN contype IS NULL THEN format('DROP INDEX %I', name)
                       ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', relation, conname) END) AS difference
    FROM keys own
    WHERE place = 'public' AND NOT indisprimary AND (indisunique OR contype = 'x')
      AND NOT EXISTS (SELECT FROM keys ours WHERE ours.place = ${scratch} AND ours.relation = own.relation
                      AND ((ours.indisunique AND own.indisunique AND ours.columns <@ own.columns)
                        OR (ours.name = own.name AND own.contype IS NULL)))
    ORDER BY 1, 2`.execute(trx);
  return rows;
}
