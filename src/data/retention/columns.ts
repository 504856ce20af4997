/** Whether a table has the columns by which its rows are judged: those of the platform may have been changed. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { RetainedTable } from './retained-table.ts';

/** As PostgreSQL names them in its catalogue. */
const nameOfType = { uuid: 'uuid', bigint: 'int8', text: 'text' } as const;

/** Why the age of a table's rows cannot be judged, as a text for a person; null where nothing is in the way. */
export async function whyUnjudged(
  db: Db,
  { table, time, key }: RetainedTable,
): Promise<string | null> {
  const { rows } = await sql<{
    column: string | null;
    type: string;
    name: string;
    is_time: boolean;
  }>`
    SELECT a.attname AS column, format_type(a.atttypid, NULL) AS type, y.typname AS name,
           y.typcategory = 'D' AND y.typname NOT IN ('time', 'timetz') AS is_time
    FROM (SELECT to_regclass(${table}) AS oid) r
    LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname IN (${time?.column ?? null}::text, ${key.column}::text) AND NOT a.attisdropped
    LEFT JOIN pg_type y ON y.oid = a.atttypid
    WHERE r.oid IS NOT NULL`.execute(db);
  if (rows.length === 0) return 'the table is not there, or the login may not see it';
  const of = (column: string) => rows.find((row) => row.column === column);
  if (time !== null) {
    const found = of(time.column);
    if (found === undefined) return `it has no column ${time.column}`;
    if (!found.is_time)
      return `its column ${time.column} is of the type ${found.type}, and not a time`;
  }
  const found = of(key.column);
  if (found === undefined) return `it has no column ${key.column}`;
  return found.name === nameOfType[key.type]
    ? null
    : `its column ${key.column} is of the type ${found.type}, and not ${key.type}`;
}
