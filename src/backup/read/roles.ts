/** The roles of a database, as statements that make those that are missing. */
import type pg from 'pg';
import { block, literal, oneLine, settingsIn, unlessRefused } from './as-sql.ts';

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
  return block(`BEGIN ${grants}${isOfServer ? unlessRefused : ''} END`);
}
