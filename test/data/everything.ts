import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';

/** All tables with their rows: how many, and what they say. */
export async function everything(db: Db): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ('public', 'auth', 'engine')
    ORDER BY 1`.execute(db);
  const { rows } = await sql<object>`${sql.join(
    tables.map(
      ({ name }) =>
        sql`SELECT ${name} AS name, count(*)::int AS rows, md5(string_agg(t::text, ',' ORDER BY t::text))
            FROM ${sql.raw(name)} t`,
    ),
    sql` UNION ALL `,
  )} ORDER BY name`.execute(db);
  return JSON.stringify(rows);
}
