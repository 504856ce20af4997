/** What the role that checks read with may see of other sessions. */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';

/**
 * Whether the state, the times and the statements of other roles' sessions are visible. Without pg_read_all_stats, which
 * pg_monitor contains, pg_stat_activity shows these as NULL: such a session looks as if it did nothing.
 */
export async function seesOthers({ db }: Pick<CheckContext, 'db'>): Promise<boolean> {
  const { rows } = await sql<{ sees: boolean }>`
    SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees`.execute(db);
  return rows[0]!.sees;
}

/** What a person can do about it. */
export async function howToSee({ db }: Pick<CheckContext, 'db'>): Promise<string> {
  const { rows } = await sql<{ role: string }>`SELECT quote_ident(current_user) AS role`.execute(
    db,
  );
  return `GRANT pg_monitor TO ${rows[0]!.role}`;
}
