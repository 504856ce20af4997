import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { warn, type Diagnosis } from './diagnosis.ts';

/** How many triggers and rules are named. */
const maxNamed = 5;

/**
 * Triggers and rules of the platform's own on the tables that the engine writes: they run in the engine's transactions, so an
 * error, a change or a wait in them can stop runs. No diagnosis if there are none, or all of them are disabled.
 */
export async function examineOwnTriggers(db: Db): Promise<Diagnosis[]> {
  const { rows } = await sql<{ what: string; off: string }>`
    WITH tables AS (
      SELECT oid, relname, oid::regclass AS shown FROM pg_class
      WHERE relkind IN ('r', 'p') AND (relnamespace = to_regnamespace('engine')
        OR relnamespace = 'public'::regnamespace AND relname ~ '^(bots$|bot_)')
    )
    SELECT format('trigger %I on %s calls %s', tgname, shown, tgfoid::regprocedure) AS what,
           format('ALTER TABLE %s DISABLE TRIGGER %I', shown, tgname) AS off
    FROM tables JOIN pg_trigger ON tgrelid = tables.oid AND NOT tgisinternal AND tgenabled <> 'D'
    JOIN pg_proc p ON p.oid = tgfoid
    WHERE pronamespace <> to_regnamespace('engine')
      AND (proname, tgname) IS DISTINCT FROM ('update_updated_at', 'update_' || relname || '_updated_at')
    UNION ALL
    SELECT format('rule %I on %s', rulename, shown), format('DROP RULE %I ON %s', rulename, shown)
    FROM tables JOIN pg_rewrite ON ev_class = tables.oid AND ev_enabled <> 'D'
    ORDER BY 1`.execute(db);
  if (rows.length === 0) return [];
  const named = rows.slice(0, maxNamed);
  const more = rows.length - named.length;
  return [
    warn(
      'Triggers',
      `triggers and rules that are not Roundsman's run when the engine writes, and may change, refuse or delay what it writes: ${named
        .map(({ what }) => what)
        .join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
      `if runs, rounds or tickets fail or hang: ${named.map(({ off }) => off).join('; ')}`,
    ),
  ];
}
