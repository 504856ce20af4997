/** Finds endpoints that have requests at this time of other days, and none today. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { shortened } from '../parts/in-words.ts';
import { hoursBefore } from '../parts/time.ts';
import { pathOf } from './count-requests.ts';
import type { Config } from './config.ts';
import { requirePastDays, pastDays, requestsOf } from './past-days.ts';

/** Below this share of its usual requests the whole platform is quiet: that is the pulse's finding. */
const platformShare = 0.5;

interface Silent {
  path: string;
  days: number;
  usual: number;
  /** a path without requests on past days that has about as many now: where it may have moved */
  moved_to: string | null;
}

interface Counts {
  requests: number;
  usual: number;
  endpoints: number;
  found: Silent[];
}

/**
 * - An endpoint is missed if it had its requests in every clock hour of this time on most of the past days, and a week ago: what is
 *   used on weekdays only, or by one daily client, is not missed.
 * - A path that never had a successful answer is not missed: only scanners ask for it.
 * - A path was most probably renamed if a new path has about as many requests. That is a low finding, and ends when the path had
 *   no requests yesterday either. Any other finding ends when the path has no requests on most of the past days.
 */
const silentEndpoints = (
  { min_usual, min_days, max_findings: max }: Config,
  from: Date,
  now: Date,
) =>
  sql<Counts>`
    WITH past AS MATERIALIZED (${requestsOf(from, now)}), asked AS MATERIALIZED (
      SELECT ${pathOf} AS path, count(*) AS requests FROM api_logs
      WHERE created_at >= ${from} AND created_at <= ${now} GROUP BY 1
    ), regular AS MATERIALIZED (
      SELECT path, count(*)::int AS days, (percentile_disc(0.5) WITHIN GROUP (ORDER BY least))::int AS usual, bool_or(day = 1) AS yesterday
      FROM past
      WHERE hours = (SELECT max(hours) FROM past) AND least >= ${min_usual} AND path NOT IN ('(other)', '(no path)')
      GROUP BY path HAVING count(*) >= ${min_days} AND bool_or(day = ${sql.lit(pastDays)})
    ), fresh AS MATERIALIZED (
      SELECT path, requests FROM asked a WHERE NOT EXISTS (SELECT FROM past p WHERE p.path = a.path)
    ), silent AS (
      SELECT r.*, (
        SELECT f.path FROM fresh f WHERE f.requests BETWEEN r.usual / 2.0 AND r.usual * 2
        ORDER BY abs(f.requests - r.usual), f.path LIMIT 1
      ) AS moved_to
      FROM regular r WHERE NOT EXISTS (SELECT FROM asked a WHERE a.path = r.path)
    ), found AS (
      SELECT path, days, usual, moved_to, row_number() OVER (ORDER BY moved_to IS NOT NULL, usual DESC, path) AS place FROM silent s
      WHERE (moved_to IS NULL OR yesterday) AND NOT coalesce((
        SELECT bool_and(l.status_code >= 400) FROM (
          SELECT status_code FROM api_logs
          WHERE endpoint = s.path AND created_at > ${from}::timestamptz - make_interval(days => ${pastDays}) AND created_at <= ${now}
          ORDER BY created_at DESC LIMIT 1000
        ) l
      ), false)
      ORDER BY place LIMIT ${max + 1}
    )
    SELECT (SELECT coalesce(sum(requests), 0)::float8 FROM asked) AS requests,
      -- The day with the fewest requests, because most platforms have fewer on weekends.
      (SELECT coalesce(min(total), 0)::float8 FROM (SELECT sum(requests)::float8 AS total FROM past GROUP BY day) t) AS usual,
      (SELECT count(*)::int FROM regular) AS endpoints,
      (SELECT coalesce(json_agg(found ORDER BY place), '[]') FROM found) AS found`;

export async function findSilent(config: Config, context: CheckContext): Promise<CheckResult> {
  const { db, now, skip } = context;
  const { min_usual, max_findings: max } = config;
  await requirePastDays(context);
  const { rows } = await silentEndpoints(config, hoursBefore(now, 1), now).execute(db);
  const { requests, usual, endpoints, found } = rows[0]!;
  // Silent endpoints are left out, because on a small platform one endpoint may have most of the requests.
  const usualOfOthers = usual - found.reduce((sum, silent) => sum + silent.usual, 0);
  const mostAreSilent = found.length > 2 && 2 * found.length > endpoints;
  if (requests < usualOfOthers * platformShare || mostAreSilent)
    skip(
      `the whole platform has ${Math.round(requests)} requests an hour, and at least ${Math.round(usual)} at this time on past days: the bot pulse watches that`,
    );
  return {
    examined: { count: endpoints, except: [] },
    figures: [
      { name: 'endpoints with regular requests', value: endpoints },
      { name: 'endpoints without requests', value: Math.min(found.length, max) },
    ],
    findings: found.slice(0, max).map(({ path, days, usual: least, moved_to }) => {
      const component = shortened(path);
      return {
        severity: moved_to ? 'low' : 'medium',
        category: 'api',
        title: `${component}: no request for an hour, ${least} are usual`,
        description: moved_to
          ? `The new path ${moved_to} has about as many requests now: the endpoint was probably renamed.`
          : `On ${days} of the past ${pastDays} days it had at least ${min_usual} requests in this hour.`,
        component,
        key: path,
        metadata: { path, usual: least, days, moved_to },
      };
    }),
    truncated: found.length > max,
  };
}
