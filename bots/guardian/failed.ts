/** The share of users whose payments fail. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, Tally } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { isLive } from './report.ts';

interface Provider {
  provider: string;
  bad: number;
  of: number;
  attempts: number;
  newest: string | null;
  wrong: boolean;
}

/**
 * Users count, not payments: one user's card may be refused ten times. A user whose payment succeeded in the end counts as
 * paid. A payment without a user counts as a user of its own.
 */
export async function findFailed(config: Config, context: EventContext): Promise<EventResult> {
  const { db, now, from, starts, only } = context;
  const { max_failed_percent: maxPercent, min_failed_users: minUsers, window_minutes } = config;
  const { rows } = await sql<Provider>`
    WITH starts AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(starts)}::jsonb) AS s (key text, "from" timestamptz)
    ), payers AS MATERIALIZED (
      SELECT t.provider, coalesce(t.user_id, t.id) AS payer, bool_and(t.status = 'failed') AS failed,
        max(t.created_at) FILTER (WHERE t.status = 'failed') AS newest, count(*) AS attempts
      FROM transactions t LEFT JOIN starts ON starts.key = t.provider
      WHERE t.created_at >= ${from} AND t.created_at <= ${now} AND t.created_at >= coalesce(starts."from", ${from})
        AND t.status IN ('failed', 'completed', 'refunded') AND t.type <> 'refund' AND ${isLive(config)}
      GROUP BY t.provider, payer
    ), providers AS (
      SELECT provider, (count(*) FILTER (WHERE failed))::int AS bad, count(*)::int AS of, sum(attempts)::int AS attempts,
        max(newest) FILTER (WHERE failed) AS newest
      FROM payers GROUP BY provider
    ), named AS (
      SELECT provider FROM providers UNION SELECT key FROM starts UNION SELECT unnest(${[...(only ?? [])]}::text[])
    )
    SELECT provider, coalesce(bad, 0) AS bad, coalesce(of, 0) AS of, coalesce(attempts, 0) AS attempts, newest,
      coalesce(bad >= ${minUsers} AND bad * 100.0 > ${maxPercent}::numeric * of, false) AS wrong
    FROM named LEFT JOIN providers USING (provider)
    ${only ? sql`WHERE provider = ANY (${[...only]}::text[])` : sql``} ORDER BY provider`.execute(
    db,
  );
  return {
    examined: only ? [...only] : { count: rows.length, except: [] },
    figures: rows.slice(0, 9).flatMap(({ provider, bad, of }) => [
      { name: `${provider}: users who paid or tried`, value: of },
      { name: `${provider}: users whose payments failed`, value: bad },
    ]),
    findings: rows
      .filter(({ wrong }) => wrong)
      .map(({ provider, bad, of, attempts }) => ({
        severity: bad * 2 > of ? 'critical' : 'high',
        category: 'payments',
        title: `Payments of ${bad} of ${of} users at ${provider} failed`,
        description: `Within ${window_minutes} minutes these users tried to pay, and none of their payments succeeded.`,
        component: 'transactions',
        key: provider,
        metadata: { provider, failed_users: bad, users: of, payments: attempts, window_minutes },
      })),
    tallies: rows.map(({ provider: key, bad, of, newest }): Tally => ({
      key,
      bad,
      of,
      newestBadAt: newest === null ? null : new Date(newest),
    })),
  };
}
