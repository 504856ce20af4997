/**
 * pg_dump restores with an empty search_path. A function that names others without their schema, and that a generated column, an index or
 * a condition calls, then finds nothing: such a statement is tried once more with the path that the database's programs are likely to have.
 */
import pg from 'pg';
import { stateOf } from '../../database/faults/sql-states.ts';

/** Undefined function, table, or object. */
const unresolved = new Set(['42883', '42P01', '42704']);

export const isUnresolved = (error: unknown): boolean => unresolved.has(stateOf(error) ?? '');

/** Runs it with the schema of the object, `public` and `extensions` in the path, within the client's transaction. */
export async function withSearchPath<Result>(
  client: pg.ClientBase,
  schema: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const { rows } = await client.query<{ path: string }>(
    `SELECT current_setting('search_path') AS path`,
  );
  const path = [...new Set([...(schema ? [schema] : []), 'public', 'extensions'])];
  const set = (value: string) =>
    client.query(`SELECT set_config('search_path', $1, true)`, [value]);
  await set(path.map((name) => pg.escapeIdentifier(name)).join(', '));
  try {
    return await work();
  } finally {
    await set(rows[0]!.path);
  }
}
