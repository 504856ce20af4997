/** Whether row level security hides rows of the engine's own tables from the login. */
import { sql } from 'kysely';
import type { Db } from '../connect.ts';

/** The tables of the bots in the schema public; everything in the schema engine is the engine's as well. */
const botTables =
  `bots bot_executions bot_findings bot_finding_states bot_actions bot_decisions bot_tickets bot_ticket_events
  bot_knowledge bot_knowledge_autonomy bot_knowledge_events bot_silences bot_maintenance bot_notifications bot_metrics`.split(
    /\s+/,
  );

export interface HiddenFromLogin {
  /** the role of this session */
  role: string;
  /** the tables, as SQL writes them; empty before anything was migrated */
  tables: string[];
  /** those of them that this role owns: row level security is forced on the owner */
  forced: string[];
}

/**
 * Tables on which row level security holds for this role, unless a policy lets it see and change every row. (A
 * superuser, a role with BYPASSRLS and, where it is not forced, the owner are not subject to it.)
 */
export async function hiddenFromLogin(db: Db): Promise<HiddenFromLogin> {
  const { rows } = await sql<HiddenFromLogin>`
    SELECT current_user AS role,
           coalesce(array_agg(name ORDER BY name) FILTER (WHERE name IS NOT NULL), '{}') AS tables,
           coalesce(array_agg(name ORDER BY name) FILTER (WHERE owns), '{}') AS forced
    FROM (
      SELECT c.oid::regclass::text AS name, pg_has_role(c.relowner, 'USAGE') AS owns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity
        AND (n.nspname = 'engine' OR n.nspname = 'public' AND c.relname = ANY (${botTables}))
        -- A platform's own tables may have such names before there are any of the engine.
        AND EXISTS (SELECT FROM pg_class l JOIN pg_namespace e ON e.oid = l.relnamespace
                    WHERE e.nspname = 'engine' AND l.relname = 'settings')
        AND row_security_active(c.oid)
        AND EXISTS (
          SELECT FROM unnest('{r,w}'::"char"[]) AS wanted
          WHERE NOT EXISTS (
            SELECT FROM pg_policy p
            WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', wanted)
              AND pg_get_expr(p.polqual, p.polrelid) = 'true'
              AND EXISTS (SELECT FROM unnest(p.polroles) AS role WHERE role = 0 OR pg_has_role(role, 'USAGE'))))
    ) hidden
    RIGHT JOIN (SELECT 1) one ON true`.execute(db);
  return rows[0]!;
}
