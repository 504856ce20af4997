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
  /** null: all of the provider's */
  model: string | null;
  cost: number;
  users: number;
}

const sumOf = (rows: Hours[]) => rows.reduce((sum, { cost }) => sum + cost, 0);

/**
 * Compares with the median of the days before, so that one expensive day (old uses that were recorded at once) does not raise what
 * is usual. A campaign brings more users, and each of them costs as before: that is no finding.
 *
 * A model is a finding only where its provider is none, because the finding of a provider names the models that cost most.
 */
export async function findSlope(config: Config, context: CheckContext): Promise<CheckResult> {
  const { slope_hours, slope_days, slope_min_days, max_findings } = config;
  const { db, now, skip } = context;
  await requireUsage(context);
  // A user of two providers counts for each, so `users` of all providers together has a row of its own, with provider NULL.
  const { rows: hours } = await sql<Hours>`
    SELECT day.ago, u.provider, u.model, u.cost, u.users
    FROM generate_series(0, ${slope_days}::int) AS day (ago) CROSS JOIN LATERAL (
      SELECT provider, model, sum(cost_cents)::float8 AS cost, count(DISTINCT user_id)::int AS users FROM javari_usage_stats
      WHERE created_at > ${now}::timestamptz - day.ago * interval '1 day' - make_interval(secs => ${slope_hours * 3_600})
        AND created_at <= ${now}::timestamptz - day.ago * interval '1 day' AND ${isCost(config)}
      GROUP BY GROUPING SETS ((provider, model), (provider), ()) HAVING count(*) > 0
      ORDER BY grouping(provider, model) DESC, provider, cost DESC, model LIMIT 1000
    ) u ORDER BY day.ago, u.cost DESC`.execute(db);
  const subjects = Map.groupBy(hours, ({ provider, model }) => JSON.stringify([provider, model]));
  const totals = subjects.get(JSON.stringify([null, null])) ?? [];
  const before = totals.filter(({ ago }) => ago > 0);
  if (before.length < slope_min_days)
    skip(
      `there was spending on ${before.length} of the last ${slope_days} days in these hours, and ${slope_min_days} are needed to compare`,
    );
  const rises = [...subjects.values()]
    .map((rows) => riseOf(rows, config))
    .filter((rise) => rise !== null);
  const hasRisen = (provider: string | null) =>
    rises.some((rise) => rise.provider === provider && rise.model === null);
  // Where the provider does not cost at least half as much more, requests moved to this model from another one.
  const found = rises.filter(
    ({ provider, model, more }) =>
      model === null ||
      (!hasRisen(provider) &&
        moreOf(subjects.get(JSON.stringify([provider, null]))!, config) > more / 2),
  );
  const total = sumOf(totals.filter(({ ago }) => ago === 0));
  return {
    examined: { count: subjects.size, except: [] },
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
        .map(async (rise) => findingOf(rise, config, await topModels(rise, config, context))),
    ),
  };
}

/** The median cost of these hours; a day without a row cost nothing. */
const usualOf = (before: Hours[], days: number) =>
  median([...before.map(({ cost }) => cost), ...Array<number>(days - before.length).fill(0)]);

interface Rise {
  provider: string | null;
  model: string | null;
  cost: number;
  users: number;
  usual: number;
  usualUser: number;
  /** how much more than usual it cost */
  more: number;
}

/** What a subject cost in the last hours, and what is usual; null where it cost nothing, or where there is too little to compare with. */
function compare(hours: Hours[], { slope_min_days }: Pick<Config, 'slope_min_days'>): Rise | null {
  const last = hours.find(({ ago }) => ago === 0);
  const before = hours.filter(({ ago }) => ago > 0);
  // A new provider or model has no earlier days to compare with; all providers together have.
  if (!last || before.length < slope_min_days) return null;
  // Days before the first use do not count.
  const days = Math.max(...before.map(({ ago }) => ago));
  const usual = usualOf(before, days);
  const usualUser = median(before.map(({ cost, users }) => cost / Math.max(1, users)));
  return { ...last, usual, usualUser, more: last.cost - usual };
}

function riseOf(hours: Hours[], config: Config): Rise | null {
  const { slope_times, slope_user_times, min_cents } = config;
  const rise = compare(hours, config);
  if (rise === null || rise.cost < min_cents) return null;
  const { cost, users, usual, usualUser } = rise;
  const isRise =
    cost > slope_times * usual && cost / Math.max(1, users) > slope_user_times * usualUser;
  return isRise ? rise : null;
}

/** How much more than usual a subject cost, in cents; 0 where nothing is usual. */
const moreOf = (hours: Hours[], config: Config): number => compare(hours, config)?.more ?? 0;

async function topModels(
  { provider, model }: Rise,
  config: Config,
  { db, now }: CheckContext,
): Promise<object[]> {
  const from = hoursBefore(now, config.slope_hours);
  const { rows } = await sql<object>`
    SELECT model, user_id AS user, sum(cost_cents)::float8 AS cost_cents, count(*)::int AS requests FROM javari_usage_stats
    WHERE created_at > ${from} AND created_at <= ${now} AND ${isCost(config)}
      ${provider === null ? sql`` : sql`AND provider = ${provider}`} ${model === null ? sql`` : sql`AND model = ${model}`}
    GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 5`.execute(db);
  return rows;
}

const findingOf = (
  { provider, model, cost, users, usual, usualUser }: Rise,
  { slope_hours }: Config,
  top: object[],
): ReportedFinding => {
  const component =
    provider === null
      ? all
      : model === null
        ? nameOfProvider(provider)
        : `model ${provider}/${model}`;
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
