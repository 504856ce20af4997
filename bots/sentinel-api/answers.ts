/** Finds endpoints that answer wrongly, too late or not to all callers, by the answers of the last minutes alone. */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import { countRequests } from './count-requests.ts';
import type { Config } from './config.ts';

export function findServerErrors(config: Config, context: EventContext) {
  const above = sql`share > ${config.max_5xx_percent}::numeric`;
  const isSevere = sql`(requests >= ${config.min_requests} AND ${above})`;
  const question = {
    bad: sql`status_code BETWEEN 500 AND 599`,
    badName: 'requests answered 5xx',
    wrong: sql`figure >= ${config.min_5xx} OR ${isSevere} OR figure >= least(2, ${config.min_5xx}) AND ${above}`,
    worst: sql`${isSevere} DESC, share DESC, figure DESC`,
  };
  return countRequests(config, context, question, ({ component, requests, figure, share }) => {
    const sampled = share > config.critical_5xx_percent ? 'critical' : 'high';
    const severe = requests >= config.min_requests ? sampled : 'medium';
    return {
      severity: share > config.max_5xx_percent ? severe : 'low',
      title: `${component}: ${figure} of ${requests} requests answered 5xx`,
      metadata: { answered_5xx: figure },
    };
  });
}

export function findMissingPaths(config: Config, context: EventContext) {
  const question = {
    bad: sql`status_code = 404`,
    badName: 'requests answered 404',
    // A scanner asks again and again for what was never there; a broken link is followed by several clients.
    wrong: sql`figure >= ${config.min_404} AND share > ${config.max_404_percent}::numeric
      AND (clients IS NULL OR clients >= ${config.min_404_clients})`,
    worst: sql`figure DESC`,
  };
  return countRequests(config, context, question, ({ component, requests, figure }) => ({
    severity: 'medium',
    title: `${component}: ${figure} of ${requests} requests answered 404`,
    metadata: { answered_404: figure },
  }));
}

export async function findSlow(config: Config, context: EventContext) {
  const { db, from, now } = context;
  const { rows } = await sql<{ untimed: boolean }>`
    SELECT count(*) > 0 AND count(response_time_ms) = 0 AS untimed
    FROM api_logs WHERE created_at >= ${from} AND created_at <= ${now}`.execute(db);
  if (rows[0]?.untimed)
    context.skip(
      'no request of the window has a response_time_ms: have the platform record it in api_logs',
    );
  const question = {
    requests: sql`count(response_time_ms)`,
    bad: sql`response_time_ms > ${config.max_p95_ms}::numeric`,
    badName: 'requests slower than the limit',
    figure: sql`percentile_disc(0.95) WITHIN GROUP (ORDER BY response_time_ms)`,
    wrong: sql`requests >= ${config.min_requests} AND figure > ${config.max_p95_ms}::numeric`,
    worst: sql`figure DESC`,
  };
  return countRequests(config, context, question, ({ component, requests, figure }) => ({
    severity: 'medium',
    title: `${component}: slow, 95 % of ${requests} requests took up to ${figure} ms`,
    metadata: { p95_ms: figure },
  }));
}

export function findRateLimited(config: Config, context: EventContext) {
  const question = {
    bad: sql`status_code = 429`,
    badName: 'requests answered 429',
    wrong: sql`figure >= ${config.min_429} AND share > ${config.max_429_percent}::numeric`,
    worst: sql`share DESC, figure DESC`,
  };
  return countRequests(config, context, question, ({ component, requests, figure }) => ({
    severity: 'medium',
    title: `${component}: ${figure} of ${requests} requests answered 429`,
    metadata: { answered_429: figure },
  }));
}
