import { ok, warn } from './diagnosis.ts';
import type { Look } from './look.ts';

/** A pooler keeps its own limit, which the server behind it does not know. No diagnosis without a pooler. */
export const examinePooler: Look = async ({ config, connection }) => {
  if (!connection.isPooled) return [];
  if (config.connections !== undefined)
    return [
      ok(
        'Pooler',
        `a pooler answers; this process opens at most ${config.connections} connections (ROUNDSMAN_CONNECTIONS)`,
      ),
    ];
  return [
    warn(
      'Pooler',
      'a pooler answers, and how many connections it gives is known to it alone: a process may ask for more, and then waits or fails',
      'give each process its part of the pool with ROUNDSMAN_CONNECTIONS (Supabase: Pool Size in the database settings; PgBouncer: pool_size)',
    ),
  ];
};
