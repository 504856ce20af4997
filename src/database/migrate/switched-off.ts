/** Finds what keeps a table from working as its definition says, although the definition is right. */
import { sql, type Transaction } from 'kysely';

/**
 * The differences of this kind in existing tables: triggers of foreign keys and of the document that are switched off,
 * rules, which change what a statement writes, and tables that a crash empties. Your own triggers may stay switched off.
 */
export async function switchedOff(
  trx: Transaction<any>,
  existingTables: Set<string>,
): Promise<string[]> {
  const { rows } = await sql<{ difference: string }>`
    WITH tables AS (
      SELECT oid, relname, relpersistence, 'update_' || relname || '_updated_at' AS documented FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY (${[...existingTables]})
    ), off AS (
      SELECT relname, tgname, tgisinternal, tgname = documented AS is_documented
      FROM tables JOIN pg_trigger ON tgrelid = tables.oid WHERE tgenabled IN ('D', 'R')
    )
    SELECT format('%s: %s of the triggers that keep its foreign keys are switched off, so that rows may refer to nothing (as a superuser: ALTER TABLE %1$s ENABLE TRIGGER ALL%3$s)',
                  relname, count(*) FILTER (WHERE tgisinternal),
                  string_agg(format('; ALTER TABLE %s DISABLE TRIGGER %I', relname, tgname), '' ORDER BY tgname)
                    FILTER (WHERE NOT tgisinternal AND NOT is_documented)) AS difference
    FROM off GROUP BY relname HAVING bool_or(tgisinternal)
    UNION ALL
    SELECT format('%s: trigger %I is switched off (ALTER TABLE %1$s ENABLE TRIGGER %2$I)', relname, tgname)
    FROM off WHERE is_documented
    UNION ALL
    SELECT format('%s: rule %I runs %s each %s, and Roundsman''s rows may not arrive (DROP RULE %2$I ON %1$s)', relname, rulename,
                  CASE WHEN is_instead THEN 'in place of' ELSE 'beside' END,
                  CASE ev_type WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' ELSE 'DELETE' END)
    FROM tables JOIN pg_rewrite ON ev_class = tables.oid WHERE ev_enabled <> 'D'
    UNION ALL
    SELECT format('%s: the table is UNLOGGED, and a crash of the server empties it (ALTER TABLE %1$s SET LOGGED)', relname)
    FROM tables WHERE relpersistence = 'u'
    ORDER BY 1`.execute(trx);
  return rows.map(({ difference }) => difference);
}
