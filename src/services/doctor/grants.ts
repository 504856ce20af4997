import { sql } from 'kysely';
import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import { quotedIdentifier } from '../../ground/text.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';

/** How many rights are named. */
const maxNamed = 5;

interface Login {
  name: string;
  super: boolean;
  owns: boolean;
  lacking: string[];
}

/**
 * Rights on Roundsman's own tables that the login lacks, and rights that it or users have beyond what is needed. The login of the
 * embedded server is a superuser, and nothing else works there.
 */
export async function examineGrants(db: Db, config: Config): Promise<Diagnosis[]> {
  if (config.databaseUrl === undefined) return [];
  const { rows } = await sql<Login>`
    SELECT session_user::text AS name, rolsuper AS super, pg_has_role(session_user, bots.relowner, 'USAGE') AS owns,
           ARRAY(SELECT a.privilege_type || ' on ' || c.oid::regclass FROM pg_class c, aclexplode(c.relacl) a
                 WHERE a.grantee = to_regrole('service_role')::oid AND c.relkind IN ('r', 'p', 'v')
                   AND (c.relnamespace = to_regnamespace('engine')
                        OR c.relnamespace = 'public'::regnamespace AND c.relname ~ '^bots?(_|$)' AND c.relowner = bots.relowner)
                   AND NOT has_table_privilege(c.oid, a.privilege_type)
                 ORDER BY 1) AS lacking
    FROM pg_roles, pg_class bots WHERE rolname = session_user AND bots.oid = 'public.bots'::regclass`.execute(
    db,
  );
  return [...diagnoseLogin(rows[0]!), ...(await examineUsers(db)), ...(await examineCreators(db))];
}

function diagnoseLogin({ name, super: isSuper, owns, lacking }: Login): Diagnosis[] {
  const give = `SELECT engine.let_login_work('${quotedIdentifier(name)}')`;
  if (lacking.length > 0)
    return [
      fail('Rights', `${name} lacks ${inWords(lacking)}`, `as the owner of the tables: ${give}`),
    ];
  if (isSuper)
    return [
      warn(
        'Rights',
        `${name} is a superuser: it may do anything on this server, and the engine needs no such right`,
        `make a login for it (CREATE ROLE roundsman LOGIN PASSWORD '...' CONNECTION LIMIT 10), then as the owner of the tables: SELECT engine.let_login_work('roundsman')`,
      ),
    ];
  return [
    ok(
      'Rights',
      owns
        ? `${name} owns the tables; a login that may do less is enough once they are migrated (engine.let_login_work)`
        : `${name} has what the engine needs`,
    ),
  ];
}

/** What users may write, by a grant that no migration made: policies do not hold for TRUNCATE, and schema engine has few. */
async function examineUsers(db: Db): Promise<Diagnosis[]> {
  const { rows } = await sql<{ right: string; on: string; who: string }>`
    SELECT a.privilege_type AS right, c.oid::regclass::text AS on, coalesce(quote_ident(r.rolname), 'PUBLIC') AS who
    FROM pg_class c, aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relkind IN ('r', 'p', 'v')
      AND (c.relnamespace = to_regnamespace('engine')
           OR c.relnamespace = 'public'::regnamespace AND c.relname ~ '^bots?(_|$)'
              AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = 'public.bots'::regclass))
      AND (a.grantee = 0 OR r.rolname IN ('anon', 'authenticated')) AND a.privilege_type <> 'SELECT'
    ORDER BY 2, 3, 1`.execute(db);
  if (rows.length === 0) return [];
  return [
    warn(
      'Rights',
      `users may change Roundsman's own tables: ${inWords(rows.map(({ right, on, who }) => `${who} may ${right} ${on}`))}`,
      `unless that is on purpose, as the owner of the tables: ${rows
        .slice(0, maxNamed)
        .map(({ right, on, who }) => `REVOKE ${right} ON ${on} FROM ${who}`)
        .join('; ')}`,
    ),
  ];
}

/**
 * Who may make functions and operators where the login looks names up. One whose arguments fit better than those of PostgreSQL's own of
 * that name is called instead, with the rights of the login (PostgreSQL's manual, "Schemas", usage patterns). Owners are left out: of the
 * database, of the schema, and of the tables, on which they may write triggers anyway.
 */
async function examineCreators(db: Db): Promise<Diagnosis[]> {
  const { rows } = await sql<{ who: string; schema: string }>`
    SELECT coalesce(quote_ident(r.rolname), 'PUBLIC') AS who, quote_ident(n.nspname) AS schema
    FROM pg_namespace n, aclexplode(n.nspacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = ANY (current_schemas(false)) AND a.privilege_type = 'CREATE' AND NOT coalesce(r.rolsuper, false)
      AND a.grantee NOT IN (n.nspowner, (SELECT datdba FROM pg_database WHERE datname = current_database()),
                            (SELECT relowner FROM pg_class WHERE oid = 'public.bots'::regclass))
      -- This login, and who may act as it anyway.
      AND NOT CASE WHEN a.grantee = 0 THEN false
                   ELSE pg_has_role(a.grantee, (SELECT oid FROM pg_roles WHERE rolname = session_user), 'MEMBER') END
    ORDER BY 1, 2`.execute(db);
  if (rows.length === 0) return [];
  return [
    warn(
      'Rights',
      `functions of others may be called with the rights of this login: ${inWords(rows.map(({ who, schema }) => `${who} may CREATE in schema ${schema}`))}`,
      `unless these roles are trusted as the owner of the tables is, as the owner of the schema: ${rows
        .slice(0, maxNamed)
        .map(({ who, schema }) => `REVOKE CREATE ON SCHEMA ${schema} FROM ${who}`)
        .join('; ')}`,
    ),
  ];
}

function inWords(texts: string[]): string {
  const more = texts.length - maxNamed;
  return `${texts.slice(0, maxNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
