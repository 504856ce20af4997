/** What a dump of the schema does not hold, beside roles: settings of the database, extensions, materialised views with rows. */
import type pg from 'pg';
import { rowSums, type RowSum } from '../archive/row-sums.ts';
import { block, literal, settingsIn, unlessRefused } from './as-sql.ts';
import { copyOut } from './table.ts';

/**
 * Who may connect to the database and how many at once, its comment, its settings, and those that roles have in it alone. What the restoring login may not grant or set is
 * left as it is: a provider keeps some of it to itself.
 */
export async function readSettings(client: pg.ClientBase): Promise<string[]> {
  const { rows: grants } = await client.query<{ statement: string }>(`
    SELECT 1 AS step, format('REVOKE ALL ON DATABASE %%I FROM %s', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END) AS statement
    FROM (SELECT 0 AS grantee UNION SELECT datdba FROM pg_database WHERE datname = current_database()) first
    WHERE EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datacl IS NOT NULL)
    UNION ALL
    SELECT 2, format('GRANT %s ON DATABASE %%I TO %s%s', string_agg(privilege_type, ', ' ORDER BY privilege_type),
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
                  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_database d, aclexplode(d.datacl) WHERE datname = current_database() GROUP BY grantee, is_grantable
    ORDER BY 1, 2`);
  const { rows: limits } = await client.query<{ most: number }>(`
    SELECT datconnlimit AS most FROM pg_database WHERE datname = current_database() AND datconnlimit >= 0`);
  const { rows: comments } = await client.query<{ comment: string }>(`
    SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database
    WHERE datname = current_database() AND shobj_description(oid, 'pg_database') IS NOT NULL`);
  const { rows } = await client.query<{ role: string | null; config: string[] }>(`
    SELECT CASE WHEN s.setrole <> 0 THEN quote_ident(pg_get_userbyid(s.setrole)) END AS role, s.setconfig AS config
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    WHERE d.datname = current_database() ORDER BY role NULLS FIRST`);
  const carryOut = (statement: string, isOptional: boolean): string =>
    block(
      `BEGIN EXECUTE format(${literal(statement)}, current_database());${isOptional ? unlessRefused : ''} END`,
    );
  const percent = (text: string): string => text.replaceAll('%', '%%');
  return [
    ...grants.map(({ statement }) => carryOut(statement, true)),
    ...limits.map(({ most }) => carryOut(`ALTER DATABASE %I CONNECTION LIMIT ${most}`, true)),
    ...comments.map(({ comment }) =>
      carryOut(`COMMENT ON DATABASE %I IS ${percent(literal(comment))}`, true),
    ),
    ...rows.flatMap(({ role, config }) =>
      settingsIn(config).map((each) =>
        role === null
          ? carryOut(`ALTER DATABASE %I SET ${percent(each)}`, false)
          : carryOut(`ALTER ROLE ${percent(role)} IN DATABASE %I SET ${percent(each)}`, true),
      ),
    ),
  ];
}

export async function readExtensions(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT extname AS name FROM pg_extension ORDER BY 1',
  );
  return rows.map(({ name }) => name);
}

/** Quoted names of materialised views that have rows, each after those that it reads, also through views. */
export async function readViews(client: pg.ClientBase): Promise<string[]> {
  // One that reads another reaches all that the other reaches, and the other itself.
  const { rows } = await client.query<{ quoted: string }>(`
    WITH RECURSIVE edges AS (
      SELECT DISTINCT r.ev_class AS view, d.refobjid AS on_relation
      FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
    ), reached AS (
      SELECT view, on_relation FROM edges
      UNION
      SELECT reached.view, edges.on_relation FROM reached JOIN edges ON edges.view = reached.on_relation
    )
    SELECT format('%I.%I', n.nspname, c.relname) AS quoted
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND c.relispopulated AND n.nspname NOT LIKE 'pg\\_%'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY (SELECT count(*) FROM reached JOIN pg_class other ON other.oid = on_relation AND other.relkind = 'm'
              WHERE reached.view = c.oid), c.oid`);
  return rows.map(({ quoted }) => quoted);
}

/** Counts and sums of the rows of these views, where the login may read them. */
export async function readViewSums(
  client: pg.ClientBase,
  views: readonly string[],
): Promise<ViewSum[]> {
  const found: ViewSum[] = [];
  for (const view of views) {
    const { rows } = await client.query<{ readable: boolean }>(
      `SELECT has_table_privilege($1, 'SELECT') AS readable`,
      [view],
    );
    if (!rows[0]!.readable) continue;
    const sums = rowSums();
    for await (const piece of copyOut(client, `COPY (SELECT * FROM ${view}) TO STDOUT`))
      sums.add(piece);
    found.push({ view, ...sums.result() });
  }
  return found;
}

export interface ViewSum extends RowSum {
  view: string;
}

/** A foreign key whose referenced rows are not in the backup. */
export interface OuterKey {
  constraint: string;
  schema: string;
  table: string;
  columns: string[];
  referencedSchema: string;
  referencedTable: string;
  referencedColumns: string[];
}

/** The foreign keys between tables, with their names; the caller knows which tables a backup has. */
export async function readForeignKeys(client: pg.ClientBase): Promise<OuterKey[]> {
  const columns = (relation: string, key: string) => `ARRAY(
    SELECT a.attname::text FROM unnest(k.${key}) WITH ORDINALITY AS part (number, place)
    JOIN pg_attribute a ON a.attrelid = k.${relation} AND a.attnum = part.number ORDER BY place)`;
  const { rows } = await client.query<OuterKey>(`
    SELECT k.conname AS constraint, n.nspname AS schema, c.relname AS table, ${columns('conrelid', 'conkey')} AS columns,
           rn.nspname AS "referencedSchema", rc.relname AS "referencedTable",
           ${columns('confrelid', 'confkey')} AS "referencedColumns"
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class rc ON rc.oid = k.confrelid JOIN pg_namespace rn ON rn.oid = rc.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY 1, 2, 3`);
  return rows;
}
