/** Spending that rises: of the last hours against the same hours of the days before, and of single users. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted, shortened } from '../parts/in-words.ts';
import { median } from '../parts/median.ts';
import { maskedEmail, userInWords } from '../parts/people.ts';
import { hoursBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { all, inCents, isCost, maxShown, nameOfProvider, requireUsage } from './usage.ts';

interface Hours {
  /** how many days ago; 0: the last hours */
  ago: number;
  /** null: all of them together */
  provider: string | null;
  cost: number;
  users: number;
}

const sumOf = (rows: Hours[]) => rows.reduce((sum, { cost }) => sum + cost, 0);

/**
 * Compares with the median of the days before, so that one expensive day (old uses that were recorded at once) does not raise what
 * is usual. A campaign brings more users, and each of them costs as before: that is no finding.
 */
export async function findSlope(config: Config, context: CheckContext): Promise<CheckResult> {
  const { slope_hours, slope_days, slope_min_days, max_findings } = config;
  const { db, now, skip } = context;
  await requireUsage(context);
  // A user of two providers counts for each; `users` of all providers together has a row of its own, with provider NULL.
  const { rows: hours } = await sql<Hours>`
    SELECT day.ago, u.provider, u.cost, u.users
    FROM generate_series(0, ${slope_days}::int) AS day (ago) CROSS JOIN LATERAL (
      SELECT provider, sum(cost_cents)::float8 AS cost, count(DISTINCT user_id)::int AS users FROM javari_usage_stats
      WHERE created_at > ${now}::timestamptz - day.ago * interval '1 day' - make_interval(secs => ${slope_hours * 3_600})
        AND created_at <= ${now}::timestamptz - day.ago * interval '1 day' AND ${isCost(config)}
      GROUP BY GROUPING SETS ((provider), ()) HAVING count(*) > 0
      ORDER BY provider NULLS FIRST LIMIT 200
    ) u ORDER BY day.ago, u.cost DESC`.execute(db);
  const totals = hours.filter(({ provider }) => provider === null);
  const before = totals.filter(({ ago }) => ago > 0);
  if (before.length < slope_min_days)
    skip(
      `there was spending on ${before.length} of the last ${slope_days} days in these hours, and ${slope_min_days} are needed to compare`,
    );
  const providers = [...new Set([null, ...hours.map(({ provider }) => provider)])];
  const found = providers
    .map((provider) =>
      riseOf(
        hours.filter((row) => row.provider === provider),
        provider,
        config,
      ),
    )
    .filter((rise) => rise !== null);
  const total = sumOf(totals.filter(({ ago }) => ago === 0));
  return {
    examined: { count: providers.length, except: [] },
    figures: [
      { name: 'spent in the last hours', value: total, unit: 'cents' },
      { name: 'usual spending in these hours', value: usualOf(before, slope_days), unit: 'cents' },
      { name: 'users in the last hours', value: totals.find(({ ago }) => ago === 0)?.users ?? 0 },
    ],
    truncated: found.length > max_findings,
    findings: await Promise.all(
      found
        .toSorted((a, b) => b.cost - a.cost)
        .slice(0, max_findings)
        .map(async (rise) =>
          findingOf(rise, config, await topModels(rise.provider, config, context)),
        ),
    ),
  };
}

/** The median cost of these hours; a day without a row cost nothing. */
const usualOf = (before: Hours[], days: number) =>
  median([...before.map(({ cost }) => cost), ...Array<number>(days - before.length).fill(0)]);

interface Rise {
  provider: string | null;
  cost: number;
  users: number;
  usual: number;
  usualUser: number;
}

function riseOf(
  hours: Hours[],
  provider: string | null,
  { slope_min_days, slope_times, slope_user_times, min_cents }: Config,
): Rise | null {
  const last = hours.find(({ ago }) => ago === 0);
  const before = hours.filter(({ ago }) => ago > 0);
  // A new provider has no earlier days to compare with; all providers together have.
  if (!last || before.length < slope_min_days || last.cost < min_cents) return null;
  // Days before the first use do not count.
  const days = Math.max(...before.map(({ ago }) => ago));
  const usual = usualOf(before, days);
  const usualUser = median(before.map(({ cost, users }) => cost / Math.max(1, users)));
  const isRise =
    last.cost > slope_times * usual &&
    last.cost / Math.max(1, last.users) > slope_user_times * usualUser;
  return isRise ? { provider, cost: last.cost, users: last.users, usual, usualUser } : null;
}

async function topModels(
  provider: string | null,
  config: Config,
  { db, now }: CheckContext,
): Promise<object[]> {
  const from = hoursBefore(now, config.slope_hours);
  const { rows } = await sql<object>`
    SELECT model, user_id AS user, sum(cost_cents)::float8 AS cost_cents, count(*)::int AS requests FROM javari_usage_stats
    WHERE created_at > ${from} AND created_at <= ${now} AND ${isCost(config)}
      ${provider === null ? sql`` : sql`AND provider = ${provider}`}
    GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 5`.execute(db);
  return rows;
}

const findingOf = (
  { provider, cost, users, usual, usualUser }: Rise,
  { slope_hours }: Config,
  top: object[],
): ReportedFinding => {
  const component = provider === null ? all : nameOfProvider(provider);
  return {
    severity: 'high',
    category: 'costs',
    title: `Javari costs rise: ${shortened(component, maxShown)} cost ${inCents(cost)} in ${counted(slope_hours, 'hour')}, usual are ${inCents(usual)}`,
    description: `${counted(users, 'active user')} cost ${inCents(cost / Math.max(1, users))} each; ${inCents(usualUser)} are usual.`,
    component,
    metadata: {
      cost_cents: cost,
      usual_cents: usual,
      users,
      usual_user_cents: usualUser,
      hours: slope_hours,
      top,
    },
  };
};

/** How many of the users who spent most in 24 hours are examined. */
const maxUsers = 50;

/** A user's usual day is the mean of the days with spending in the two weeks before; for a new user, that of the median user. */
export async function findUserSpend(config: Config, context: CheckContext): Promise<CheckResult> {
  const { user_times, min_user_cents, max_findings } = config;
  const { db, now } = context;
  await requireUsage(context);
  const from = hoursBefore(now, 24);
  const { rows } = await sql<{
    user: string;
    email: string | null;
    cost: number;
    own_day: number | null;
    median_user: number;
    users: number;
  }>`
    WITH spent AS MATERIALIZED (
      SELECT user_id, sum(cost_cents)::float8 AS cost FROM javari_usage_stats
      WHERE created_at > ${from} AND created_at <= ${now} AND ${isCost(config)} AND user_id IS NOT NULL GROUP BY 1
    )
    SELECT s.user_id AS user, ${maskedEmail(sql`s.user_id`)} AS email, s.cost, own.a_day AS own_day,
      (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY cost) FROM spent) AS median_user,
      (SELECT count(*)::int FROM spent) AS users
    FROM (SELECT * FROM spent ORDER BY cost DESC, user_id LIMIT ${maxUsers}) s
    LEFT JOIN LATERAL (
      SELECT sum(cost_cents)::float8 / count(DISTINCT floor(extract(epoch FROM ${from}::timestamptz - created_at) / 86400)) AS a_day
      FROM javari_usage_stats h
      WHERE h.user_id = s.user_id AND h.created_at <= ${from} AND h.created_at > ${from}::timestamptz - interval '14 days'
        AND ${isCost(config, 'h')}
    ) own ON true
    ORDER BY s.cost DESC, s.user_id`.execute(db);
  const found = rows.filter(
    ({ cost, own_day, median_user, users }) =>
      cost >= min_user_cents &&
      // With one or two users the median says nothing about a new user.
      (own_day !== null || users > 2) &&
      cost > user_times * (own_day ?? median_user),
  );
  return {
    examined: { count: rows.length, except: [] },
    figures: [
      { name: 'users with spending in 24 hours', value: rows[0]?.users ?? 0 },
      { name: 'spending of the median user', value: rows[0]?.median_user ?? 0, unit: 'cents' },
      { name: 'highest spending of a user', value: rows[0]?.cost ?? 0, unit: 'cents' },
    ],
    truncated: found.length > max_findings,
    findings: found.slice(0, max_findings).map(({ user, email, cost, own_day, median_user }) => ({
      severity: 'medium',
      category: 'costs',
      title: `Javari costs of a user: ${userInWords(user, email)} cost ${inCents(cost)} in 24 hours, usual are ${inCents(own_day ?? median_user)}`,
      description: `The median user spent ${inCents(median_user)} in these hours.`,
      component: `user ${user}`,
      metadata: { user, cost_cents: cost, own_day_cents: own_day, median_user_cents: median_user },
    })),
  };
}
