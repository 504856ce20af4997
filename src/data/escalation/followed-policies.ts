import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { isFollowed } from './followed-tickets.ts';

/** A version of the policy that is in force or that tickets keep. */
export interface FollowedPolicy {
  version: number;
  /** null if there is no row of this version */
  policy: unknown;
  /** pending tickets that follow it */
  tickets: number;
}

export async function followedPolicies(db: Db): Promise<FollowedPolicy[]> {
  const { rows } = await sql<FollowedPolicy>`
    SELECT f.version, p.policy, f.tickets
    FROM (SELECT version, sum(tickets)::int AS tickets
          FROM (SELECT t.policy_version AS version, count(*) AS tickets FROM bot_tickets t WHERE ${isFollowed} GROUP BY 1
                UNION ALL SELECT engine.current_policy(), 0) each
          WHERE version IS NOT NULL GROUP BY version) f
    LEFT JOIN engine.policies p USING (version) ORDER BY f.version`.execute(db);
  return rows;
}
