/** Users whose new sessions come from more networks than one person uses. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { maskedEmail, userInWords } from '../parts/people.ts';
import type { Config } from './config.ts';
import { isClient, networkOf } from './network.ts';

interface Spread {
  /** of the user, masked */
  email: string | null;
  user_id: string;
  networks: number;
  sessions: string[];
  count: number;
  sample: string[];
}

/** How many sessions a finding names; the remedy ends these. */
const maxSessions = 200;

/** Reads live sessions that began within the window. No token is read. */
export async function findSpreadSessions(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const { db, now, skip } = context;
  const { rows } = await sql<{ begun: number; addressed: number; users: number; found: Spread[] }>`
    WITH begun AS MATERIALIZED (
      SELECT id, user_id, ip_address FROM user_sessions
      WHERE created_at > ${now}::timestamptz - make_interval(secs => ${config.window_minutes * 60}) AND created_at <= ${now}
        AND expires_at > ${now} AND user_id IS NOT NULL
    ), spread AS (
      SELECT user_id, count(DISTINCT network)::int AS networks, count(*)::int AS count,
        (array_agg(b.id ORDER BY b.id))[1:${sql.lit(maxSessions)}] AS sessions,
        (array_agg(DISTINCT network))[1:20] AS sample
      FROM (SELECT *, ${networkOf(sql`ip_address`)} AS network FROM begun WHERE ${isClient(sql`ip_address`, config)}) b
      GROUP BY user_id
      HAVING count(DISTINCT network) > ${config.max_networks_of_user}
      ORDER BY networks DESC, user_id LIMIT ${config.max_findings + 1}
    )
    SELECT count(*)::int AS begun, count(ip_address)::int AS addressed, count(DISTINCT user_id)::int AS users,
      (SELECT coalesce(json_agg(spread ORDER BY networks DESC, user_id), '[]') FROM (
        SELECT *, ${maskedEmail(sql`spread.user_id`)} AS email FROM spread) spread) AS found
    FROM begun`.execute(db);
  const { begun, addressed, users, found } = rows[0]!;
  if (begun > 0 && addressed === 0)
    skip('no new session has an ip_address: have the platform record the IP address of the client');
  return {
    examined: { count: users, except: [] },
    figures: [
      { name: 'new sessions', value: begun },
      { name: 'users with new sessions', value: users },
    ],
    truncated: found.length > config.max_findings,
    findings: found
      .slice(0, config.max_findings)
      .map(({ user_id, email, networks, count, sessions, sample }) => ({
        severity: 'high',
        category: 'sessions',
        title: `Sessions of user ${userInWords(user_id, email)} come from ${networks} networks: ${counted(count, 'session')} within ${config.window_minutes} minutes`,
        description:
          'A person with a phone is in two or three networks an hour. This many at once mean a password that is shared or sold, or a program ' +
          'that uses it. After these sessions are ended, all their users have to sign in again.',
        component: `user ${user_id}`,
        key: user_id,
        metadata: { user_id, networks, sample, sessions, window_minutes: config.window_minutes },
      })),
  };
}
