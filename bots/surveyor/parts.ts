/**
 * Reads the parts of the schema that Roundsman's migrations make, each as a name and its definition, in a form that does not depend on
 * the order of columns, on names of keys, and on the schema in which an extension lies.
 */
import { meaning, meaningOfCheck, meaningOfExpression, sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';

/** `column bots.name` -> `text NOT NULL`. */
export type Parts = Record<string, string>;

/** The kinds of parts, by the first word of their names. */
export type Kind =
  | 'table'
  | 'view'
  | 'sequence'
  | 'column'
  | 'constraint'
  | 'check'
  | 'index'
  | 'policy'
  | 'trigger'
  | 'function';

const isOfExtension = (
  catalogue: 'pg_class' | 'pg_proc',
  oid: ReturnType<typeof sql>,
) => sql`EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = ${sql.lit(catalogue)}::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;

/** Names of tables, views, sequences and functions in the schemas public (without it) and private. */
export interface Ours {
  relations: readonly string[];
  functions: readonly string[];
}

/** SQL: the name of an object of the schema `n`. */
const qualifiedName = (name: ReturnType<typeof sql>) =>
  sql`CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || ${name}`;

const isOneOf = (name: ReturnType<typeof sql>, names: readonly string[] | null) => sql`(
  n.nspname = 'engine' OR n.nspname IN ('public', 'private')
  AND (${names}::text[] IS NULL OR ${qualifiedName(name)} = ANY (${names}::text[])))`;

/**
 * All parts of the schema engine, and of public and private those of `ours`; null: all. What an extension has made is not read, nor
 * are partitions, which follow their table, and the tables in which Kysely keeps the migrations.
 */
export async function readParts(
  { db }: Pick<CheckContext, 'db'>,
  ours: Ours | null,
): Promise<Parts> {
  const relations = ours?.relations ?? null;
  const functions = ours?.functions ?? null;
  const { rows } = await sql<{ kind: Kind; of: string | null; name: string; definition: string }>`
    WITH relations AS MATERIALIZED (
      SELECT c.oid, c.relkind, c.relrowsecurity, ${qualifiedName(sql`c.relname`)} AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT c.relispartition AND c.relname !~ '^kysely_'
        AND ${isOneOf(sql`c.relname`, relations)}
        AND NOT ${isOfExtension('pg_class', sql`c.oid`)}
    ), tables AS MATERIALIZED (SELECT * FROM relations WHERE relkind IN ('r', 'p'))
    SELECT 'table' AS kind, NULL AS of, name, concat_ws(' ', CASE relkind WHEN 'p' THEN 'partitioned' ELSE 'plain' END, 'with row level security',
      CASE WHEN relrowsecurity THEN 'on' ELSE 'off' END) AS definition FROM tables
    UNION ALL
    SELECT 'view', NULL, name, pg_get_viewdef(oid) FROM relations WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT 'sequence', NULL, name, format_type(s.seqtypid, NULL) FROM relations JOIN pg_sequence s ON s.seqrelid = oid
    WHERE relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = oid AND d.deptype = 'i')
    UNION ALL
    SELECT 'column', t.name, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
      CASE WHEN a.attidentity <> '' THEN format('GENERATED %s AS IDENTITY', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END)
           WHEN a.attgenerated <> '' THEN format('GENERATED ALWAYS AS (%s)', pg_get_expr(f.adbin, f.adrelid))
           ELSE 'DEFAULT ' || pg_get_expr(f.adbin, f.adrelid) END)
    FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    UNION ALL
    SELECT 'constraint', t.name, pg_get_constraintdef(k.oid), 'enforced'
    FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype IN ('p', 'u', 'f', 'x')
    UNION ALL
    SELECT 'check', t.name, k.conname, pg_get_constraintdef(k.oid)
    FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'c'
    UNION ALL
    -- PostgreSQL prints the index of a partitioned table as one of it alone, whatever its partitions have.
    SELECT 'index', t.name, x.relname, concat(regexp_replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '), CASE WHEN NOT i.indisvalid THEN ' INVALID' END)
    FROM tables t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 'trigger', t.name, g.tgname, concat(pg_get_triggerdef(g.oid), CASE WHEN g.tgenabled = 'D' THEN ' DISABLED' END)
    FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
    UNION ALL
    SELECT 'policy', t.name, p.polname, concat_ws(' ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
      CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, 'TO',
      (SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role)::text END, ', ' ORDER BY CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role)::text END)
       FROM unnest(p.polroles) role),
      'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', 'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
    FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
    UNION ALL
    SELECT 'function', NULL, ${qualifiedName(sql`p.proname`)} || '(' || pg_get_function_identity_arguments(p.oid) || ')',
      concat_ws(' ', 'RETURNS', pg_get_function_result(p.oid), 'LANGUAGE', l.lanname, CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END,
        CASE WHEN p.proisstrict THEN 'STRICT' END, CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' END, 'SET ' || array_to_string(p.proconfig, ', '),
        'AS', coalesce(pg_get_function_sqlbody(p.oid), p.prosrc))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE ${isOneOf(sql`p.proname`, functions)} AND NOT ${isOfExtension('pg_proc', sql`p.oid`)}`.execute(
    db,
  );
  return Object.fromEntries(
    rows
      .map(({ kind, of, name, definition }): [string, string] => [
        `${kind} ${of === null ? '' : `${of}.`}${withoutSchemas(name)}`,
        normalized(kind, withoutSchemas(definition)),
      ])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

const withoutSchemas = (text: string) => text.replaceAll(/\b(public|extensions)\./g, '');

/** The form in which two definitions are compared: as adoption compares them. */
const normalized = (kind: Kind, definition: string) =>
  kind === 'check'
    ? meaningOfCheck(definition)
    : (kind === 'function' ? meaning : meaningOfExpression)(
        definition.replaceAll(/\s+/g, ' ').trim(),
      );

const kindsWithoutTable: ReadonlySet<string> = new Set(['table', 'view', 'sequence', 'function']);

/** `column engine.nodes.name` -> its kind, the table `engine.nodes`, and `name`; of a table or a function, `of` is the whole name. */
export function splitName(part: string): { kind: Kind; of: string; name: string | null } {
  const at = part.indexOf(' ');
  const kind = part.slice(0, at) as Kind;
  const rest = part.slice(at + 1);
  if (kindsWithoutTable.has(kind)) return { kind, of: rest, name: null };
  const [, of, name] = /^((?:(?:engine|private)\.)?[^.]+)\.(.*)$/s.exec(rest)!;
  return { kind, of: of!, name: name! };
}
