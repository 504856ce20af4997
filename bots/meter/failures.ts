/** Requests to models that fail. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult } from '../../src/bot.ts';
import type { MeterConfig } from './config.ts';
import { needUsage, shown } from './usage.ts';

interface Model {
  key: string;
  bad: number;
  of: number;
  users: number;
  newest: string | null;
  error: string | null;
  wrong: boolean;
}

export async function findFailures(
  {
    failure_minutes,
    min_requests,
    max_failure_percent,
    high_failure_percent,
    min_failing_users,
    max_findings,
  }: MeterConfig,
  context: EventContext,
): Promise<EventResult> {
  const { db, now, from, starts, only } = context;
  await needUsage(context);
  const { rows } = await sql<Model & { models: number }>`
    WITH starts AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(starts)}::jsonb) AS s (key text, "from" timestamptz)
    ), counted AS MATERIALIZED (
      SELECT u.key, count(*)::int AS "of", (count(*) FILTER (WHERE NOT success))::int AS bad,
        (count(DISTINCT user_id) FILTER (WHERE NOT success))::int AS users,
        max(created_at) FILTER (WHERE NOT success) AS newest,
        left((array_agg(error_message ORDER BY created_at DESC) FILTER (WHERE NOT success AND error_message IS NOT NULL))[1], 300)
          AS error
      FROM (SELECT *, provider || '/' || model AS key FROM javari_usage_stats
            WHERE created_at >= ${from} AND created_at <= ${now}) u
      LEFT JOIN starts ON starts.key = u.key
      WHERE created_at >= coalesce(starts."from", ${from}) ${only ? sql`AND u.key = ANY (${only}::text[])` : sql``}
      GROUP BY u.key
    ), tallied AS (
      SELECT key FROM counted UNION SELECT key FROM starts UNION SELECT unnest(${only ?? []}::text[])
    )
    SELECT key, coalesce(bad, 0) AS bad, coalesce("of", 0) AS "of", users, to_json(newest) #>> '{}' AS newest, error,
      coalesce("of" >= ${min_requests} AND users >= ${min_failing_users}
        AND 100.0 * bad > ${max_failure_percent}::numeric * "of", false) AS wrong,
      (SELECT count(*)::int FROM counted) AS models
    FROM tallied LEFT JOIN counted USING (key) ORDER BY wrong DESC, bad DESC NULLS LAST, key LIMIT 10000`.execute(
    db,
  );
  const wrong = rows.filter((row) => row.wrong);
  const sum = (of: 'bad' | 'of') => rows.reduce((all, row) => all + row[of], 0);
  return {
    examined: only ? [...only] : { count: rows[0]?.models ?? 0, except: [] },
    figures: [
      { name: 'requests to models', value: sum('of') },
      { name: 'failed', value: sum('bad') },
      {
        name: 'share that failed',
        value: sum('of') === 0 ? 0 : (100 * sum('bad')) / sum('of'),
        unit: '%',
      },
    ],
    truncated: wrong.length > max_findings,
    findings: wrong.slice(0, max_findings).map(({ key, bad, of, users, error }) => ({
      severity: 100 * bad > high_failure_percent * of ? 'high' : 'medium',
      category: 'models',
      title: `Model ${shown(key)}: ${bad} of ${of} requests failed`,
      description: error ?? 'The requests noted no error.',
      component: key,
      metadata: { failed: bad, requests: of, users, minutes: failure_minutes, error },
    })),
    tallies: rows
      .filter(
        ({ key }, at) =>
          at < max_findings || starts.some((s) => s.key === key) || only?.includes(key),
      )
      .map(({ key, bad, of, newest }) => ({
        key,
        bad,
        of,
        newestBadAt: newest === null ? null : new Date(newest),
      })),
  };
}
