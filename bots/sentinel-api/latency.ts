/** Finds slow endpoints: above a fixed limit, unless they always are, and below it where they are far slower than they were. */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import { countRequests, type Usual } from './count-requests.ts';
import type { Config } from './config.ts';
import { usualFigures, usualP95 } from './past-weeks.ts';

interface Times extends Usual {
  /** milliseconds within which half of the requests were answered */
  median_ms: number;
}

export async function findSlow(config: Config, context: EventContext) {
  const { db, from, now } = context;
  const { min_requests, max_p95_ms, worse_factor } = config;
  const { rows } = await sql<{ untimed: boolean }>`
    SELECT count(*) > 0 AND count(response_time_ms) = 0 AS untimed
    FROM api_logs WHERE created_at >= ${from} AND created_at <= ${now}`.execute(db);
  if (rows[0]?.untimed)
    context.skip(
      'no request of the window has a response_time_ms: have the platform record it in api_logs',
    );
  const isBeyondLimit = sql`(requests >= ${min_requests} AND figure > ${max_p95_ms}::numeric)`;
  // CASE, because the past is read only where an endpoint is slow.
  const isUsual = sql`CASE WHEN ${isBeyondLimit}
    THEN coalesce(figure <= ${worse_factor}::float8 * (SELECT p95 FROM past_p95 p WHERE p.path = key), false) ELSE false END`;
  const muchSlower = sql`greatest(${worse_factor}::float8 * usual_ms, usual_ms + ${config.min_rise_ms}::float8)`;
  // Not the mean alone, which one request may raise. The mean counts requests without a time as 0 ms, as that of the past does.
  const hasRisen = sql`coalesce(requests >= ${min_requests} AND median_ms > ${muchSlower}
    AND mean_ms > ${worse_factor}::float8 * usual_ms, false)`;
  const question = {
    requests: sql`count(response_time_ms)`,
    // LEAST leaves NULL out: nothing may be usual.
    bad: sql`response_time_ms > least(${max_p95_ms}::float8, ${muchSlower})`,
    badName: 'requests slower than the limit',
    figure: sql`percentile_disc(0.95) WITHIN GROUP (ORDER BY response_time_ms)`,
    wrong: sql`${isBeyondLimit} AND NOT ${isUsual} OR ${hasRisen}`,
    worst: sql`figure DESC`,
    compare: {
      tables: sql`usual AS MATERIALIZED (${usualFigures(context, config)}), past_p95 AS MATERIALIZED (${usualP95(context, config)})`,
      columns: sql`(sum(response_time_ms) / count(*)::float8) AS mean_ms,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY response_time_ms) AS median_ms`,
      tolerated: sql`${isUsual} AND NOT ${hasRisen}`,
    },
  };
  return countRequests<Times>(
    config,
    context,
    question,
    ({ component, requests, figure, median_ms, usual_ms }) => ({
      // Below the limit users hardly notice it.
      severity: figure > max_p95_ms ? 'medium' : 'low',
      title: `${component}: slow, 95 % of ${requests} requests took up to ${figure} ms`,
      ...(usual_ms !== null && {
        description: `Half of them took up to ${median_ms} ms. In past weeks requests took ${Math.round(usual_ms)} ms on average at this time of this weekday.`,
      }),
      metadata: { p95_ms: figure, median_ms, usual_mean_ms: usual_ms },
    }),
  );
}
