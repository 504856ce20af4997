/**
 * What was usual for each endpoint at this time of this weekday, in past weeks. Shares and mean times come from the figures that the
 * job `rollup` adds up; these hold no percentiles, so that of response times is read from `api_logs`.
 *
 * An endpoint has something usual if at least `min_weeks` of the weeks have `min_requests` of its requests; otherwise only the fixed
 * limits apply to it. Weeks are seven days in UTC: shares and times vary little within the hour that a change of clocks makes.
 */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import { pathOf } from './count-requests.ts';
import type { Config } from './config.ts';

/** A longer window has no time of day that could be compared. */
const maxHours = 24;

/** How many requests of a past week are read for its percentiles: 20 ms each. */
const maxRead = 20_000;

/** SQL of the windows of past weeks, as `week`, `from` and `to`; without rows for a window that is too long. */
const weeksOf = ({ from, now }: EventContext, { weeks }: Config) => sql`
  SELECT week, ${from}::timestamptz - week * interval '7 days' AS "from", ${now}::timestamptz - week * interval '7 days' AS "to"
  FROM generate_series(1, ${weeks}::int) week
  WHERE ${now}::timestamptz - ${from}::timestamptz <= make_interval(hours => ${maxHours})`;

/**
 * SQL: `path`, the median over the weeks of its share of 5xx answers (`usual_share`, in percent), and that of its mean response time
 * (`usual_ms`). An hour's figures count by the part of the hour that lies in the window.
 */
export const usualFigures = (context: EventContext, config: Config) => {
  // Counted here, so that the planner knows how few hours there are.
  const hours = Math.ceil((context.now.getTime() - context.from.getTime()) / 3_600_000);
  return sql`
    SELECT path, (percentile_cont(0.5) WITHIN GROUP (ORDER BY 100 * failures / events))::float8 AS usual_share,
      (percentile_cont(0.5) WITHIN GROUP (ORDER BY ms / events))::float8 AS usual_ms
    FROM (
      SELECT r.subject AS path, sum(part * r.events) AS events, sum(part * r.failures) AS failures, sum(part * r.total_ms) AS ms
      FROM (${weeksOf(context, config)}) w
      CROSS JOIN generate_series(0, ${Math.min(hours, maxHours)}::int) i
      CROSS JOIN LATERAL (SELECT date_trunc('hour', w."from", 'UTC') + i * interval '1 hour' AS hour) h
      CROSS JOIN LATERAL (
        SELECT extract(epoch FROM least(w."to", hour + interval '1 hour') - greatest(w."from", hour))::float8 / 3600 AS part) p
      JOIN engine.rollups r ON r.kind = 'endpoint' AND r.period = 'hour' AND r.starts_at = hour
      WHERE hour < w."to" AND r.subject NOT IN ('(other)', '(no path)')
      GROUP BY w.week, r.subject
      HAVING sum(part * r.events) >= ${config.min_requests}
    ) weekly
    GROUP BY path HAVING count(*) >= ${config.min_weeks}`;
};

/** SQL: `path`, and the median over the weeks of the time within which 95 % of its requests were answered (`p95`, in milliseconds). */
export const usualP95 = (context: EventContext, config: Config) => sql`
  SELECT path, (percentile_cont(0.5) WITHIN GROUP (ORDER BY p95))::float8 AS p95
  FROM (
    SELECT path, percentile_disc(0.95) WITHIN GROUP (ORDER BY response_time_ms) AS p95
    FROM (${weeksOf(context, config)}) w CROSS JOIN LATERAL (
      SELECT ${pathOf} AS path, response_time_ms FROM api_logs
      WHERE created_at >= w."from" AND created_at <= w."to" AND response_time_ms IS NOT NULL
      ORDER BY created_at LIMIT ${sql.lit(maxRead)}) l
    GROUP BY w.week, path HAVING count(*) >= ${config.min_requests}
  ) weekly
  GROUP BY path HAVING count(*) >= ${config.min_weeks}`;
