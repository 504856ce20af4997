import { connect, type Db } from './connect.ts';
import { sql } from 'kysely';

/** How many sessions a login may have on this server at once, by the smallest of its limits. */
export interface ConnectionLimit {
  most: number;
  /** what the limit belongs to, for example `role app` */
  of: string;
}

/**
 * Asks the server on one connection. Connections of other processes with the same role count against the limit as
 * well. The limit of a pooler in front of the server is not known.
 */
export async function connectionLimit(url: string): Promise<ConnectionLimit> {
  const db = connect(url, { name: 'roundsman', max: 1, silenceMs: 5_000 });
  try {
    return await limitOn(db);
  } finally {
    await db.destroy();
  }
}

/** The same limit, asked on a connection that is open already: the server may refuse this login a further connection. */
export async function limitOn(db: Db): Promise<ConnectionLimit> {
  const { rows } = await sql<ConnectionLimit>`
      WITH login AS (SELECT * FROM pg_roles WHERE rolname = session_user),
      reserved AS (
        SELECT sum(coalesce(current_setting(name, true), '0')::int)::int AS places
        FROM unnest(ARRAY['superuser_reserved_connections', 'reserved_connections']) AS name)
      SELECT most, "of" FROM (
        SELECT current_setting('max_connections')::int - CASE WHEN rolsuper THEN 0 ELSE places END AS most,
               CASE WHEN rolsuper OR places = 0 THEN 'server (max_connections)' ELSE
                 format('server (max_connections is %s, of which %s are kept for other roles)', current_setting('max_connections'), places)
               END AS "of", 3 AS at FROM login, reserved
        UNION ALL SELECT rolconnlimit, 'role ' || rolname, 1 FROM login WHERE rolconnlimit >= 0 AND NOT rolsuper
        UNION ALL SELECT datconnlimit, 'database ' || datname, 2 FROM pg_database, login
          WHERE datname = current_database() AND datconnlimit >= 0 AND NOT rolsuper
      ) limits ORDER BY most, at LIMIT 1`.execute(db);
  return rows[0]!;
}
