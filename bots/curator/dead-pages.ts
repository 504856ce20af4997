/**
 * Looks for active apps whose pages are dead for days, by what is known already: requests that were logged, and what the
 * sentinel found. It asks no page itself.
 */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { daysBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { aboutKey } from './kinds.ts';

interface Dead {
  slug: string;
  /** of api_logs: the path, and how many answers said that it is not there */
  path: string | null;
  missing: number | null;
  /** the sentinel's finding, and since when it is open */
  finding_id: string | null;
  found_at: string | null;
}

/**
 * A path is dead when each of the last days has an answer 404 or 410 and none has a good one, whatever the query. The first
 * part reads the index by path. Only for paths that seem dead, the second part also reads answers to requests with a query.
 */
const deadPaths = ({ page_paths, dead_days }: Config, { now, since }: CheckContext) => {
  const start = daysBefore(now, dead_days);
  return sql`
    WITH pages AS MATERIALIZED (
      SELECT a.slug, replace(p.template, '{slug}', a.slug) AS path
      FROM app_catalog a CROSS JOIN unnest(${page_paths}::text[]) AS p (template) WHERE a.status = 'active'
    ), seeming AS MATERIALIZED (
      SELECT p.slug, p.path, l.missing FROM pages p CROSS JOIN LATERAL (
        SELECT count(*)::int AS missing, count(DISTINCT floor(extract(epoch FROM ${now}::timestamptz - created_at) / 86400)) AS days,
          max(created_at) AS newest, bool_and(status_code IN (404, 410)) AS only_missing
        FROM api_logs
        WHERE endpoint = p.path AND created_at > ${start} AND created_at <= ${now}
          AND (status_code IN (404, 410) OR status_code BETWEEN 200 AND 399)
      ) l
      WHERE l.only_missing AND l.days >= ${dead_days} AND ${since ? sql`l.newest > ${since}` : sql`true`}
    )
    SELECT DISTINCT ON (slug) slug, path, missing FROM seeming s
    WHERE NOT EXISTS (
      SELECT FROM api_logs
      WHERE created_at > ${start} AND created_at <= ${now} AND status_code BETWEEN 200 AND 399
        AND split_part(endpoint, '?', 1) IN (SELECT path FROM seeming) AND split_part(endpoint, '?', 1) = s.path
    )
    ORDER BY slug, missing DESC, path`;
};

/** Apps about which the sentinel has had an open finding for days: their deployment_url does not answer as it should. */
const foundDead = ({ dead_days }: Config, { now }: CheckContext) => sql`
  SELECT DISTINCT ON (a.slug) a.slug, f.id AS finding_id, f.detected_at AS found_at
  FROM bots b JOIN bot_findings f ON f.bot_id = b.id JOIN app_catalog a ON a.slug = f.affected_component
  WHERE b.catalogue_name = 'sentinel' AND f.resolved_at IS NULL AND f.severity IN ('critical', 'high')
    AND f.detected_at <= ${daysBefore(now, dead_days)} AND a.status = 'active'
  ORDER BY a.slug, f.detected_at`;

export async function findDeadPages(config: Config, context: CheckContext): Promise<CheckResult> {
  const { dead_days, max_findings: max } = config;
  const { rows } = await sql<{ active: number; found: Dead[] }>`
    WITH found AS (
      SELECT slug, path, missing, finding_id, found_at,
        row_number() OVER (ORDER BY missing DESC NULLS LAST, slug) AS place
      FROM (${deadPaths(config, context)}) p FULL JOIN (${foundDead(config, context)}) f USING (slug)
      ORDER BY place LIMIT ${max + 1}
    )
    SELECT (SELECT count(*)::int FROM app_catalog WHERE status = 'active') AS active,
      (SELECT coalesce(json_agg(found ORDER BY place), '[]') FROM found) AS found`.execute(
    context.db,
  );
  const { active, found } = rows[0]!;
  return {
    examined: { count: active, except: [] },
    figures: [
      { name: 'active apps', value: active },
      { name: 'apps with a dead page', value: Math.min(found.length, max) },
    ],
    findings: found.slice(0, max).map(({ slug, path, missing, finding_id, found_at }) => ({
      severity: 'medium',
      category: 'apps',
      title: `App ${slug} has had a dead page for ${counted(dead_days, 'day')}`,
      description: path
        ? `${path} answered 404 or 410 to ${counted(missing ?? 0, 'request')} on these days, and no request with success.`
        : 'The bot sentinel has had an open finding about its deployment_url for as long.',
      ...aboutKey(slug),
      metadata: { path, missing, finding_id, found_at, dead_days },
    })),
    truncated: found.length > max,
  };
}
