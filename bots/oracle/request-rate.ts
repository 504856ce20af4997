/** Addresses that send more requests a minute than the users behind them would. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { countEvents, joinStart, isSinceStart, type Counted } from '../parts/count-events.ts';
import type { Config } from './config.ts';
import { clientOf, isClient, requireClients } from './network.ts';

interface Client extends Counted {
  of: number;
  minutes: number;
  peak: number;
  users: number;
}

export async function findRequestRates(
  config: Config,
  context: EventContext,
): Promise<EventResult> {
  const { from, now } = context;
  const seen = await requireClients('api_logs', config, from, context);
  const question = {
    tables: sql`
      minutes AS MATERIALIZED (
        SELECT a.key, date_trunc('minute', created_at) AS minute, count(*) AS requests, max(created_at) AS newest,
          count(DISTINCT user_id) AS users,
          count(*) > ${config.max_requests_a_minute}::numeric * greatest(count(DISTINCT user_id), 1) AS above
        FROM (SELECT created_at, user_id, ${clientOf(sql`ip_address`)} AS key FROM api_logs
              WHERE created_at >= ${from} AND created_at <= ${now} AND ${isClient(sql`ip_address`, config)}) a
        ${joinStart(sql`a.key`)} WHERE ${isSinceStart(sql`a.key`, context)}
        GROUP BY a.key, minute
      )`,
    counted: sql`
      SELECT key, coalesce(sum(requests) FILTER (WHERE above), 0)::int AS bad, sum(requests)::int AS "of",
        max(newest) FILTER (WHERE above) AS newest, count(*) FILTER (WHERE above)::int AS minutes,
        max(requests)::int AS peak, max(users)::int AS users
      FROM minutes GROUP BY key`,
    wrong: sql`minutes >= ${config.min_minutes_above}`,
    worst: sql`bad DESC`,
    max: config.max_findings,
    figures: ({ keys }: { keys: number }) => [
      { name: 'requests', value: seen.requests },
      { name: 'requests without an IP address', value: seen.requests - seen.addressed },
      { name: 'IP addresses', value: keys },
    ],
  };
  return countEvents<Client>(context, question, ({ key, of, minutes, peak, users }) => ({
    severity: peak > 10 * config.max_requests_a_minute ? 'high' : 'medium',
    category: 'requests',
    title: `Requests from ${key}: up to ${peak} a minute, in ${counted(minutes, 'minute')}`,
    description:
      `More than ${config.max_requests_a_minute} a minute for each of its users: a program that scans, copies or floods, or a ` +
      'client in a loop. Limit the rate of this IP address; if it is a server of your own, add it to trusted_addresses.',
    component: key,
    metadata: {
      address: key,
      requests: of,
      peak_a_minute: peak,
      minutes,
      users_a_minute: users,
      window_minutes: config.window_minutes,
    },
  }));
}
