/** Settings of a role or a database (ALTER ROLE ... SET, ALTER DATABASE ... SET) that break Roundsman's sessions. */
import { sql } from 'kysely';
import type { Explanation } from '../ground/errors.ts';
import type { Db } from './connect.ts';

export interface SettingSource {
  /** what was set, as `ALTER DATABASE app SET role = 'anon'` */
  set: string;
  /** the statement that undoes it */
  undo: string;
  value: string;
}

/**
 * The statements that set the PostgreSQL setting `name` for sessions of this login in this database; the one that takes
 * precedence comes first. Any session on the same server can read this.
 */
export async function settingSources(
  db: Db,
  name: string,
  login: string,
  database: string,
): Promise<SettingSource[]> {
  const { rows } = await sql<SettingSource>`
    SELECT format('ALTER %s SET %s = %L', target, ${name}::text, value) AS "set",
           format('ALTER %s RESET %s', target, ${name}::text) AS undo, value
    FROM (
      SELECT substr(entry, length(${name}::text) + 2) AS value, s.setrole, s.setdatabase,
             CASE WHEN s.setdatabase = 0 THEN 'ROLE ' || coalesce(quote_ident(r.rolname), 'ALL')
                  WHEN s.setrole = 0 THEN 'DATABASE ' || quote_ident(d.datname)
                  ELSE 'ROLE ' || quote_ident(r.rolname) || ' IN DATABASE ' || quote_ident(d.datname) END AS target
      FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS entry
      LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
      WHERE starts_with(entry, ${name}::text || '=')
        AND (s.setrole = 0 OR r.rolname = ${login}) AND (s.setdatabase = 0 OR d.datname = ${database})
    ) made
    ORDER BY setrole <> 0 DESC, setdatabase <> 0 DESC`.execute(db);
  return rows;
}

/**
 * Why a session works as another role than its login although Roundsman did not set one; null if its role is the login's, or
 * service_role because Roundsman set it.
 */
export async function explainForeignRole(db: Db): Promise<Explanation | null> {
  const { rows } = await sql<{ login: string; role: string; database: string }>`
    SELECT session_user AS login, current_user AS role, current_database() AS database
    WHERE session_user <> current_user`.execute(db);
  if (!rows[0]) return null;
  const { login, role, database } = rows[0];
  const [source] = await settingSources(db, 'role', login, database);
  // Roundsman's sessions become service_role on purpose.
  if (!source && role === 'service_role') return null;
  return {
    what: `sessions of ${login} work as ${role} here`,
    why: source ? `it was set with: ${source.set}` : 'the options of DATABASE_URL set role',
    hint: source
      ? `as a superuser: ${source.undo}`
      : 'remove role from the options of DATABASE_URL, and from PGOPTIONS',
  };
}
