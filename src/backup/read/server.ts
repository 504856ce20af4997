/** Which server it is, and its time. */
import type pg from 'pg';

export async function readServer(client: pg.ClientBase) {
  const { rows } = await client.query<{
    version: string;
    major: number;
    database: string;
    now: Date;
  }>(`SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
             current_database() AS database, now() AS now`);
  return rows[0]!;
}
