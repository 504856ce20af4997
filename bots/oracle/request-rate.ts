/** Addresses that send more requests a minute than the users behind them would. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { clientOf, isClient, needClients } from './network.ts';
import { itsStart, sinceStart, tally, type Counted } from './tally.ts';

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
  const seen = await needClients('api_logs', config, from, context);
  const question = {
    tables: sql`
      addresses AS MATERIALIZED (
        SELECT ip_address, ${clientOf(sql`ip_address`)} AS key
        FROM (SELECT DISTINCT ip_address FROM api_logs WHERE created_at >= ${from} AND created_at <= ${now}) a
        WHERE ${isClient(sql`ip_address`, config)}
      ), clients AS MATERIALIZED (
        SELECT a.key, date_trunc('minute', created_at) AS minute, user_id, count(*) AS requests, max(created_at) AS newest
        FROM api_logs JOIN addresses a USING (ip_address) ${itsStart(sql`a.key`)}
        WHERE created_at >= ${from} AND created_at <= ${now} AND ${sinceStart(sql`a.key`, context)}
        GROUP BY a.key, minute, user_id
      ), minutes AS (
        SELECT key, minute, sum(requests) AS requests, max(newest) AS newest,
          sum(requests) > ${config.max_requests_a_minute}::numeric * greatest(count(DISTINCT user_id), 1) AS above
        FROM clients GROUP BY key, minute
      )`,
    counted: sql`
      SELECT key, coalesce(sum(requests) FILTER (WHERE above), 0)::int AS bad, sum(requests)::int AS "of",
        max(newest) FILTER (WHERE above) AS newest, count(*) FILTER (WHERE above)::int AS minutes,
        max(requests)::int AS peak, min(users)::int AS users
      FROM minutes JOIN (SELECT key, count(DISTINCT user_id) AS users FROM clients GROUP BY key) u USING (key) GROUP BY key`,
    wrong: sql`minutes >= ${config.min_minutes_above}`,
    worst: sql`bad DESC`,
    max: config.max_findings,
    figures: ({ keys }: { keys: number }) => [
      { name: 'requests', value: seen.requests },
      { name: 'requests without an address', value: seen.requests - seen.addressed },
      { name: 'addresses', value: keys },
    ],
  };
  return tally<Client>(context, question, ({ key, of, minutes, peak, users }) => ({
    severity: peak > 10 * config.max_requests_a_minute ? 'high' : 'medium',
    category: 'requests',
    title: `Requests from ${key}: up to ${peak} a minute, in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`,
    description:
      `More than ${config.max_requests_a_minute} a minute for each of its users: a program that scans, copies or floods, or a ` +
      'client in a loop. Limit the rate of this address; if it is a server of your own, add it to trusted_addresses.',
    component: key,
    metadata: {
      address: key,
      requests: of,
      peak_a_minute: peak,
      minutes,
      users,
      window_minutes: config.window_minutes,
    },
  }));
}
