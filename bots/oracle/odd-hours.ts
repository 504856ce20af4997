/**
 * Actions of administrators at hours in which they do not work. Their own history says what is usual: the hours of the day in which they
 * acted before, and the hours beside these. An administrator who acts rarely has no usual hours.
 */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { countEvents, joinStart, isSinceStart, type Counted } from '../parts/count-events.ts';
import { maskedEmail, userInWords } from '../parts/people.ts';
import type { Config } from './config.ts';
import { networkOf } from './network.ts';

interface Admin extends Counted {
  of: number;
  hours: number[];
  strange: boolean;
  actions: string[];
  email: string | null;
  networks: string[] | null;
}

export async function findOddHours(config: Config, context: EventContext): Promise<EventResult> {
  const { from, now } = context;
  const hour = sql`extract(hour FROM created_at AT TIME ZONE ${config.timezone}::text)::int`;
  const question = {
    tables: sql`
      admins AS MATERIALIZED (
        SELECT id, id::text AS key FROM profiles WHERE role IN ('admin', 'owner') ORDER BY id LIMIT 1000
      ), recent AS MATERIALIZED (
        SELECT a.id, a.key, l.created_at, ${hour} AS hour, l.action_type,
          CASE WHEN l.ip_address IS NOT NULL THEN ${networkOf(sql`l.ip_address`)} END AS network
        FROM admins a JOIN user_activity_log l ON l.user_id = a.id ${joinStart(sql`a.key`)}
        WHERE l.created_at <= ${now} AND ${isSinceStart(sql`a.key`, context)}
      ), history AS MATERIALIZED (
        SELECT r.id, count(DISTINCT (created_at AT TIME ZONE ${config.timezone}::text)::date) AS days,
          array_agg(DISTINCT ${hour}) AS hours,
          array_agg(DISTINCT ${networkOf(sql`ip_address`)}) FILTER (WHERE ip_address IS NOT NULL) AS networks
        FROM (SELECT DISTINCT id FROM recent) r JOIN user_activity_log l ON l.user_id = r.id
        WHERE l.created_at >= ${from}::timestamptz - make_interval(days => ${config.history_days}) AND l.created_at < ${from}
        GROUP BY r.id
      )`,
    counted: sql`
      SELECT key, count(*) FILTER (WHERE odd)::int AS bad, count(*)::int AS "of", max(created_at) FILTER (WHERE odd) AS newest,
        array_agg(DISTINCT hour) FILTER (WHERE odd) AS hours, coalesce(bool_or(odd AND strange), false) AS strange,
        (array_agg(DISTINCT action_type) FILTER (WHERE odd))[1:10] AS actions,
        (array_agg(DISTINCT network) FILTER (WHERE odd AND network IS NOT NULL))[1:10] AS networks
      FROM (
        SELECT r.*, h.days >= ${config.min_active_days} AND NOT h.hours && ARRAY[r.hour, (r.hour + 1) % 24, (r.hour + 23) % 24] AS odd,
          r.network IS NOT NULL AND NOT r.network = ANY (coalesce(h.networks, '{}')) AS strange
        FROM recent r JOIN history h USING (id)
      ) judged GROUP BY key`,
    wrong: sql`bad >= ${config.min_odd_actions} OR bad > 0 AND strange`,
    worst: sql`strange DESC, bad DESC`,
    details: sql`${maskedEmail(sql`g.key::uuid`)} AS email`,
    max: config.max_findings,
    figures: ({ keys, of }: { keys: number; of: number }) => [
      { name: 'active administrators', value: keys },
      { name: 'actions of administrators', value: of },
    ],
  };
  return countEvents<Admin>(
    context,
    question,
    ({ key, bad, hours, strange, actions, email, networks }) => ({
      // An administrator who works late is no alarm; one who also comes from a new network may be.
      severity: strange ? 'medium' : 'low',
      category: 'admins',
      title: `Administrator ${userInWords(key, email)} acted at unusual hours: ${counted(bad, 'action')}${strange ? ', from a new network' : ''}`,
      description:
        `In the ${config.history_days} days before, this user did nothing at these hours (${hours.join(', ')} in ${config.timezone}). ` +
        'Ask them. If it was another person, end their sessions and remove the role.',
      component: `user ${key}`,
      metadata: {
        user_id: key,
        actions,
        count: bad,
        hours,
        timezone: config.timezone,
        networks: networks ?? [],
        new_network: strange,
      },
    }),
  );
}
