/** What a dump of the schema does not hold: roles, settings of the database, extensions, materialised views with rows. */
import type pg from 'pg';

/**
 * The roles that this database names anywhere, and those of which they are members. Passwords are not read: a restored role has
 * none until one is set.
 */
const roles = `
  WITH RECURSIVE named AS (
    SELECT refobjid AS oid FROM pg_shdepend
    WHERE refclassid = 'pg_authid'::regclass
      AND (dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) OR objid = (
             SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = 'pg_database'::regclass)
    UNION SELECT 10 UNION SELECT datdba FROM pg_database WHERE datname = current_database()
    UNION SELECT m.roleid FROM named JOIN pg_auth_members m ON m.member = named.oid
  )
  SELECT r.rolname AS name, quote_ident(r.rolname) AS quoted,
         concat_ws(' ',
           CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
           CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
           CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN NOT rolinherit THEN 'NOINHERIT' END,
           CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END) AS attributes,
         ARRAY(SELECT format('GRANT %I TO %I%s;', pg_get_userbyid(m.roleid), r.rolname,
                             CASE WHEN m.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END)
               FROM pg_auth_members m
               WHERE m.member = r.oid AND pg_get_userbyid(m.roleid) NOT LIKE 'pg\\_%' GROUP BY m.roleid, m.admin_option
               ORDER BY 1) AS memberships
  FROM pg_roles r JOIN (SELECT DISTINCT oid FROM named) named ON named.oid = r.oid
  WHERE r.rolname NOT LIKE 'pg\\_%'
  ORDER BY r.rolname`;

interface Role {
  name: string;
  quoted: string;
  attributes: string;
  memberships: string[];
}

/** Makes each role that is missing, then the memberships. */
export async function readRoles(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<Role>(roles);
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return [
    ...rows.map(
      ({ name, quoted, attributes }) =>
        `DO $role$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(name)}) THEN CREATE ROLE ${quoted} ${attributes}; END IF; END $role$;`,
    ),
    ...rows.flatMap(({ memberships }) => memberships),
  ];
}

/** `name = value` of the settings of the database itself. */
export async function readSettings(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string; value: string }>(`
    SELECT split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS setting
    WHERE d.datname = current_database() AND s.setrole = 0 ORDER BY 1`);
  // Lists of names are stored as they are written in SQL; every other value is one text.
  const isList =
    /^(search_path|session_preload_libraries|local_preload_libraries|temp_tablespaces)$/;
  return rows
    .filter(({ name }) => /^[\w.]+$/.test(name))
    .map(({ name, value }) => {
      const text = isList.test(name) && value !== '' ? value : `'${value.replaceAll("'", "''")}'`;
      return `DO $set$ BEGIN EXECUTE format('ALTER DATABASE %I SET ${name.replaceAll("'", "''")} TO %s', current_database(), $v$${text}$v$); END $set$;`;
    });
}

export async function readExtensions(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT extname AS name FROM pg_extension ORDER BY 1',
  );
  return rows.map(({ name }) => name);
}

/** Quoted names of materialised views that have rows, in the order in which they were made: a later one may read an earlier. */
export async function readViews(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ quoted: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS quoted
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND c.relispopulated AND n.nspname NOT LIKE 'pg\\_%'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.oid`);
  return rows.map(({ quoted }) => quoted);
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
