/** Reads the parts of the documented tables: columns, keys, indexes, triggers, policies, checks. */
import { sql, type Transaction } from 'kysely';
import { withoutSchemas } from './differences.ts';

/** Ends the definition of an index that a failed CREATE INDEX CONCURRENTLY has left: no query uses such an index. */
export const invalidSuffix = ' INVALID';

/** The parts of one table: kind and name -> definition. */
export type Parts = Map<string, string>;

/** Each table's parts by kind and name, without schema names. */
export async function partsOf(trx: Transaction<any>, schema: string): Promise<Map<string, Parts>> {
  const { rows } = await sql<{ relation: string; part: string; definition: string }>`
    WITH tables AS (
      SELECT oid, relname FROM pg_class WHERE relnamespace = ${schema}::regnamespace AND relkind = 'r'
    )
    SELECT relname AS relation, 'column ' || quote_ident(attname) AS part,
           concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
                     CASE WHEN attidentity <> '' THEN format('GENERATED %s AS IDENTITY', CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END)
                          WHEN attgenerated <> '' THEN format('GENERATED ALWAYS AS (%s) %s', pg_get_expr(adbin, adrelid), CASE attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
                          ELSE 'DEFAULT ' || pg_get_expr(adbin, adrelid) END) AS definition
    FROM tables JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT relname, 'constraint ' || pg_get_constraintdef(c.oid), quote_ident(conname)
    FROM tables JOIN pg_constraint c ON conrelid = tables.oid AND contype IN ('p', 'u', 'f')
    UNION ALL
    SELECT relname, 'check ' || quote_ident(conname), pg_get_constraintdef(c.oid)
    FROM tables JOIN pg_constraint c ON conrelid = tables.oid AND contype = 'c'
    UNION ALL
    SELECT relname, 'index ' || i.indexrelid::regclass::text,
           concat(pg_get_indexdef(i.indexrelid), CASE WHEN NOT indisvalid THEN ${invalidSuffix}::text END)
    FROM tables JOIN pg_index i ON indrelid = tables.oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT relname, 'trigger ' || quote_ident(tgname), pg_get_triggerdef(t.oid)
    FROM tables JOIN pg_trigger t ON tgrelid = tables.oid AND NOT tgisinternal
    UNION ALL
    SELECT relname, 'policy ' || quote_ident(polname),
           concat_ws(' ', CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END,
                     CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, 'TO',
                     (SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE role::regrole::text END, ', ' ORDER BY role) FROM unnest(polroles) role),
                     'USING (' || pg_get_expr(polqual, polrelid) || ')', 'WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')')
    FROM tables JOIN pg_policy ON polrelid = tables.oid
    ORDER BY relation, part`.execute(trx);
  const tables = new Map<string, Parts>();
  for (const { relation, part, definition } of rows) {
    const parts = tables.get(relation) ?? new Map<string, string>();
    tables.set(relation, parts.set(withoutSchemas(part), withoutSchemas(definition)));
  }
  return tables;
}

/** `index idx_bots_status` -> its kind and its name. */
export const splitPart = (part: string) => {
  const at = part.indexOf(' ');
  return { kind: part.slice(0, at), name: part.slice(at + 1) };
};
