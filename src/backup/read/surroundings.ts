/** What a dump of the schema does not hold: roles, settings of the database, extensions, materialised views with rows. */
import type pg from 'pg';
import { rowSums, type RowSum } from '../archive/row-sums.ts';
import { copyOut } from './table.ts';

/**
 * The roles that this database names anywhere, and those of which they are members; or those of the names in $1. Passwords are not
 * read: a restored role has none until one is set.
 */
const roles = `
  WITH RECURSIVE named AS (
    SELECT refobjid AS oid FROM pg_shdepend
    WHERE refclassid = 'pg_authid'::regclass
      AND (dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) OR objid = (
             SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = 'pg_database'::regclass)
    UNION SELECT 10 UNION SELECT datdba FROM pg_database WHERE datname = current_database()
    UNION SELECT CASE WHEN m.member = named.oid THEN m.roleid ELSE m.member END
      FROM named JOIN pg_auth_members m ON named.oid IN (m.member, m.roleid)
  )
  SELECT r.rolname AS name, quote_ident(r.rolname) AS quoted,
         concat_ws(' ',
           CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
           CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
           CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN NOT rolinherit THEN 'NOINHERIT' END,
           CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
           CASE WHEN rolconnlimit <> -1 THEN 'CONNECTION LIMIT ' || rolconnlimit END,
           'VALID UNTIL ' || quote_literal(rolvaliduntil)) AS attributes,
         coalesce(r.rolconfig, '{}') AS config, shobj_description(r.oid, 'pg_authid') AS comment,
         ARRAY(SELECT jsonb_build_object(
                 'of', quote_ident(of), 'admin', admin,
                 'options', CASE WHEN inherits <> r.rolinherit OR NOT sets THEN format('ADMIN %s, INHERIT %s, SET %s', admin::text, inherits::text, sets::text) END)
               FROM (SELECT pg_get_userbyid(m.roleid) AS of, bool_or(m.admin_option) AS admin,
                            bool_or(coalesce((to_jsonb(m) ->> 'inherit_option')::bool, r.rolinherit)) AS inherits,
                            bool_or(coalesce((to_jsonb(m) ->> 'set_option')::bool, true)) AS sets
                     FROM pg_auth_members m WHERE m.member = r.oid GROUP BY m.roleid) member
               ORDER BY of) AS memberships
  FROM pg_roles r
  WHERE r.rolname NOT LIKE 'pg\\_%'
    AND CASE WHEN $1::text[] IS NULL THEN r.oid IN (SELECT oid FROM named) ELSE r.rolname = ANY ($1) END
  ORDER BY r.rolname`;

interface Role {
  name: string;
  quoted: string;
  attributes: string;
  /** `name=value` of its settings in all databases */
  config: string[];
  memberships: Membership[];
  comment: string | null;
}

interface Membership {
  /** quoted */
  of: string;
  admin: boolean;
  /** the options that only PostgreSQL 16 and newer know, where they are not as usual */
  options: string | null;
}

/** Lists of names are stored as they are written in SQL; every other value is one text. */
const isList = /^(search_path|session_preload_libraries|local_preload_libraries|temp_tablespaces)$/;

/** A text as a literal, on one line: the statements of a file are told from each other by their lines, too. */
const literal = (text: string): string => {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return /[\\\n\r]/.test(text)
    ? `E${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}`
    : quoted;
};

/** A quoted name on one line. */
const oneLine = (name: string): string =>
  /[\n\r]/.test(name)
    ? `U&${name.replaceAll('\\', '\\\\').replaceAll('\n', '\\000A').replaceAll('\r', '\\000D')}`
    : name;

/** The body as a block, quoted with dollars of which it has none itself: names, values and comments may hold anything. */
function block(body: string): string {
  let tag = '$do$';
  for (let n = 1; body.includes(tag); n += 1) tag = `$do${n}$`;
  return `DO ${tag} ${body} ${tag};`;
}

/**
 * The names in a list that PostgreSQL stores as text, as its own `SplitGUCList` reads it; null where it is no such list. Whoever may set it
 * for a role, the role itself included, may write anything there.
 */
function namesIn(list: string): string[] | null {
  const names: string[] = [];
  const part = /\s*(?:"((?:[^"]|"")+)"|([^\s,"]+))\s*(,|$)/y;
  for (;;) {
    const [, quoted, plain, end] = part.exec(list) ?? [];
    if (end === undefined) return null;
    names.push(plain ?? quoted!.replaceAll('""', '"'));
    if (end === '') return names;
  }
}

/** `name TO value` of the settings that a catalogue has as `name=value`. */
const settingsIn = (config: readonly string[]): string[] =>
  config.flatMap((setting) => {
    const at = setting.indexOf('=');
    const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
    if (!/^[\w.]+$/.test(name)) return [];
    const names = isList.test(name) ? namesIn(value) : null;
    return [`${name} TO ${(names ?? [value]).map(literal).join(', ')}`];
  });

/** Makes each role that is missing, with its settings, then the memberships. `names`: of these roles alone. */
export async function readRoles(
  client: pg.ClientBase,
  names?: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<Role>(roles, [names ?? null]);
  return [
    ...rows.map(({ name, quoted, attributes, config, comment }) => {
      const role = oneLine(quoted);
      const settings = settingsIn(config).map((each) => ` ALTER ROLE ${role} SET ${each};`);
      if (comment !== null) settings.push(` COMMENT ON ROLE ${role} IS ${literal(comment)};`);
      return block(
        `BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(name)}) THEN CREATE ROLE ${role} ${attributes};${settings.join('')} END IF; END`,
      );
    }),
    ...rows.flatMap(({ quoted, memberships }) =>
      memberships.map((each) => membershipOf(oneLine(quoted), each)),
    ),
  ];
}

function membershipOf(role: string, { of, admin, options }: Membership): string {
  const granted = `GRANT ${oneLine(of)} TO ${role}`;
  const plain = `${granted}${admin ? ' WITH ADMIN OPTION' : ''}`;
  // A role of the server itself may be missing in an older one, or not be granted by the restoring login.
  const isOfServer = of.startsWith('pg_');
  if (options === null && !isOfServer) return `${plain};`;
  const newer = literal(`${granted} WITH ${options}`);
  const grants =
    options === null
      ? `EXECUTE ${literal(plain)};`
      : `IF current_setting('server_version_num')::int >= 160000 THEN EXECUTE ${newer}; ELSE EXECUTE ${literal(plain)}; END IF;`;
  return block(
    `BEGIN ${grants}${isOfServer ? ' EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;' : ''} END`,
  );
}

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
      `BEGIN EXECUTE format(${literal(statement)}, current_database());${isOptional ? ' EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;' : ''} END`,
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
