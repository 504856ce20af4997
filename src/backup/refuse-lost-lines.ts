import type pg from 'pg';
import { SchemaDumpError } from './dump/schema-dump-error.ts';

/**
 * The bundled pg_dump takes lines out of its text that begin with \restrict or \unrestrict, which are commands of psql. A
 * function or a comment with such a line would lose it, so that the backup is refused.
 */
export async function refuseLostLines(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ object: string }>(`
    SELECT oid::regprocedure::text AS object FROM pg_proc
    WHERE pronamespace <> 'pg_catalog'::regnamespace AND prosrc ~* '(^|\\n)\\\\(un)?restrict'
    UNION ALL
    SELECT 'the comment of ' || pg_describe_object(classoid, objoid, objsubid) FROM pg_description
    WHERE description ~* '(^|\\n)\\\\(un)?restrict'`);
  if (rows.length > 0)
    throw new SchemaDumpError(
      `${rows.map(({ object }) => object).join(', ')}: a line begins with \\restrict or \\unrestrict, and would be lost`,
      'write that line in another way, for example with a blank before it',
    );
}
