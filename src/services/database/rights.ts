import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export interface Rights {
  /** the role of this session */
  role: string;
  /** roles that the policies of row level security name, and that do not exist */
  missing: string[];
  /** whether this session may read and write the bots' tables */
  writes: boolean;
}

/** The rights of this session, as far as the engine needs them. */
export async function rightsOf(db: Db): Promise<Rights> {
  const { rows } = await sql<Rights>`
    SELECT current_user AS role,
           ARRAY(SELECT name FROM unnest(ARRAY['anon', 'authenticated', 'service_role']) name
                 WHERE to_regrole(name) IS NULL) AS missing,
           has_schema_privilege('engine', 'USAGE')
             AND has_table_privilege('public.bots', 'SELECT, UPDATE')
             AND has_table_privilege('public.bot_executions', 'INSERT') AS writes`.execute(db);
  return rows[0]!;
}
