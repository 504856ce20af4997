import type pg from 'pg';
import { RoundsmanError } from '../../ground/errors.ts';

/** The database holds something already. */
export class NotEmptyForRestoreError extends RoundsmanError {}

/** Names of tables, views and functions that no extension brought: none may be there. */
const present = `
  SELECT coalesce(string_agg(name, ', '), '') AS names, count(*)::int AS count FROM (
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
      AND (n.nspname IN ('public', 'engine', 'bullmq', 'private') OR pg_has_role(n.nspowner, 'USAGE'))
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    LIMIT 5) found`;

/** Throws {@link NotEmptyForRestoreError}. */
export async function refuseFilled(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ names: string; count: number }>(present);
  const { names, count } = rows[0]!;
  if (count === 0) return;
  throw new NotEmptyForRestoreError({
    what: 'nothing was restored',
    why: `the database is not empty: it has ${names}${count === 5 ? ' and perhaps more' : ''}`,
    hint: 'make an empty database (`createdb --encoding=UTF8 --template=template0 NAME`), and let DATABASE_URL name it. What exists is never replaced',
  });
}
