/** Spending against budgets: of a day, of a month, and of the month as it will be at its end. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { shortened } from '../parts/in-words.ts';
import { median } from '../parts/median.ts';
import { maskedEmail, userInWords } from '../parts/people.ts';
import { dayMs, daysBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { all, inCents, isCost, maxShown, nameOfProvider, requireUsage } from './usage.ts';

interface Spent {
  /** of a user, masked */
  email: string | null;
  month: number;
  day: number;
}

/** The beginnings of the day and the month, and how many days the month has, in UTC. */
function calendar(now: Date) {
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  const monthStart = new Date(Date.UTC(year, month, 1));
  const monthEnd = new Date(Date.UTC(year, month + 1, 1));
  return { monthStart, monthEnd, dayStart: new Date(Math.floor(now.getTime() / dayMs) * dayMs) };
}

async function readSpending(
  by: 'provider' | 'user_id',
  { db, now }: CheckContext,
  config: Config,
): Promise<Map<string, Spent>> {
  const { user_month_cents, user_day_cents, max_findings, warn_percent } = config;
  const { monthStart, dayStart } = calendar(now);
  // Only users near a budget are read, because there may be many.
  const near = (budget: number | null) => (budget === null ? null : (budget * warn_percent) / 100);
  const { rows } = await sql<Spent & { subject: string }>`
    SELECT *, ${by === 'user_id' ? maskedEmail(sql`subject::uuid`) : sql`NULL`} AS email FROM (
      SELECT ${sql.ref(by)}::text AS subject, sum(cost_cents)::float8 AS month,
        coalesce(sum(cost_cents) FILTER (WHERE created_at >= ${dayStart}), 0)::float8 AS day
      FROM javari_usage_stats
      WHERE created_at >= ${monthStart} AND created_at <= ${now} AND ${isCost(config)} AND ${sql.ref(by)} IS NOT NULL
      GROUP BY 1
    ) spent
    ${
      by === 'user_id'
        ? sql`WHERE month >= ${near(user_month_cents)}::float8 OR day >= ${near(user_day_cents)}::float8`
        : sql``
    }
    ORDER BY month DESC, subject LIMIT ${by === 'provider' ? 1_000 : max_findings + 1}`.execute(db);
  return new Map(rows.map(({ subject, ...spent }) => [subject, spent]));
}

interface Budget {
  subject: string;
  /** of a user: how titles name it */
  user?: string;
  period: 'day' | 'month';
  spent: number;
  budget: number | null;
}

export async function findOverBudget(config: Config, context: CheckContext): Promise<CheckResult> {
  const { month_cents, day_cents, provider_month_cents, user_month_cents, user_day_cents } = config;
  await requireUsage(context);
  const hasUserBudget = user_month_cents !== null || user_day_cents !== null;
  if (month_cents === null && day_cents === null && !hasUserBudget && noneIn(provider_month_cents))
    context.skip(
      'no budget is set: `npx roundsman bots edit meter --set month_cents=100000` sets one for all providers; ' +
        '`npx roundsman bots show meter` names the other budgets',
    );
  const providers = await readSpending('provider', context, config);
  const users: Map<string, Spent> = hasUserBudget
    ? await readSpending('user_id', context, config)
    : new Map();
  const total = { month: sum(providers, 'month'), day: sum(providers, 'day') };
  const budgets: Budget[] = [
    { subject: all, period: 'month', spent: total.month, budget: month_cents },
    { subject: all, period: 'day', spent: total.day, budget: day_cents },
    ...Object.entries(provider_month_cents).map(([provider, budget]) => {
      const spent = providers.get(provider)?.month ?? 0;
      return { subject: nameOfProvider(provider), period: 'month' as const, spent, budget };
    }),
    ...[...users].flatMap(([id, { month, day, email }]): Budget[] => {
      const [subject, user] = [`user ${id}`, userInWords(id, email)];
      return [
        { subject, user, period: 'month', spent: month, budget: user_month_cents },
        { subject, user, period: 'day', spent: day, budget: user_day_cents },
      ];
    }),
  ];
  const found = budgets
    .flatMap((each) => findingOf(each, config))
    .toSorted((a, b) => b.share - a.share);
  return {
    examined: { count: budgets.filter(({ budget }) => budget !== null).length, except: [] },
    figures: [
      { name: 'spent today', value: total.day, unit: 'cents' },
      { name: 'spent this month', value: total.month, unit: 'cents' },
      ...(month_cents === null
        ? []
        : [
            {
              name: "share of the month's budget",
              value: (100 * total.month) / month_cents,
              unit: '%',
            },
          ]),
      ...(day_cents === null
        ? []
        : [{ name: "share of the day's budget", value: (100 * total.day) / day_cents, unit: '%' }]),
    ],
    truncated: found.length > config.max_findings || users.size > config.max_findings,
    findings: found.slice(0, config.max_findings).map(({ finding }) => finding),
  };
}

function findingOf(
  { subject, user, period, spent, budget }: Budget,
  { warn_percent, critical_percent }: Config,
): { share: number; finding: ReportedFinding }[] {
  const share = budget === null ? 0 : (100 * spent) / budget;
  if (budget === null || share < warn_percent) return [];
  const isUser = user !== undefined;
  const over = isUser ? 'medium' : share >= critical_percent ? 'critical' : 'high';
  return [
    {
      share,
      finding: {
        severity: share >= 100 ? over : isUser ? 'low' : 'medium',
        category: 'costs',
        title: `Javari budget: ${shortened(isUser ? `user ${user}` : subject, maxShown)} spent ${Math.floor(share)} % of the ${period}'s budget (${inCents(spent)} of ${inCents(budget)})`,
        description: `The ${period} is counted in UTC. A budget is reported from ${warn_percent} % on.`,
        component: subject,
        key: `${subject}, ${period}`,
        metadata: { spent_cents: spent, budget_cents: budget, percent: share, period },
      },
    },
  ];
}

/**
 * Projects the month's end by the median of the last seven whole days: a single expensive day, such as one on which old uses were
 * recorded at once, does not move it.
 */
export async function findOverPace(config: Config, context: CheckContext): Promise<CheckResult> {
  const { month_cents, provider_month_cents, pace_from_day } = config;
  const { db, now } = context;
  await requireUsage(context);
  if (month_cents === null && noneIn(provider_month_cents))
    context.skip(
      'no budget of a month is set: `npx roundsman bots edit meter --set month_cents=100000` sets one',
    );
  const { monthEnd, dayStart } = calendar(now);
  const weekStart = daysBefore(dayStart, 7);
  const { rows } = await sql<{ provider: string; day: number; cost: number }>`
    SELECT provider, floor(extract(epoch FROM created_at - ${weekStart}::timestamptz) / 86400)::int AS day,
      sum(cost_cents)::float8 AS cost
    FROM javari_usage_stats WHERE created_at >= ${weekStart} AND created_at < ${dayStart} AND ${isCost(config)}
    GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10000`.execute(db);
  const providers = await readSpending('provider', context, config);
  const daysLeft = (monthEnd.getTime() - now.getTime()) / dayMs;
  const pace = (only: string | null) =>
    median(
      Array.from({ length: 7 }, (_, day) =>
        rows
          .filter((row) => row.day === day && (only === null || row.provider === only))
          .reduce((all, { cost }) => all + cost, 0),
      ),
    );
  const asked = [
    { subject: all, budget: month_cents, spent: sum(providers, 'month'), aDay: pace(null) },
    ...Object.entries(provider_month_cents).map(([provider, budget]) => ({
      subject: nameOfProvider(provider),
      budget,
      spent: providers.get(provider)?.month ?? 0,
      aDay: pace(provider),
    })),
  ];
  const projected = asked.map((each) => ({ ...each, end: each.spent + each.aDay * daysLeft }));
  const found = projected.filter(
    // The check `budget` reports what is over its budget already.
    ({ budget, spent, end }) => budget !== null && spent < budget && end > budget,
  );
  const isEarly = now.getUTCDate() < pace_from_day;
  return {
    // What is over its budget already was examined, too.
    examined: { count: asked.filter(({ budget }) => budget !== null).length, except: [] },
    figures: [
      { name: 'usual spending a day', value: projected[0]!.aDay, unit: 'cents' },
      {
        name: 'projected spending of the month',
        value: Math.round(projected[0]!.end),
        unit: 'cents',
      },
    ],
    truncated: !isEarly && found.length > config.max_findings,
    findings: (isEarly ? [] : found.slice(0, config.max_findings)).map(
      ({ subject, budget, spent, end, aDay }) => ({
        severity: 'medium' as const,
        category: 'costs',
        title: `Javari pace: ${shortened(subject, maxShown)} will spend ${Math.floor((100 * end) / budget!)} % of the month's budget (${inCents(end)} of ${inCents(budget!)})`,
        description: `${inCents(spent)} are spent by now, and a usual day of the last week costs ${inCents(aDay)}.`,
        component: subject,
        metadata: {
          projected_cents: end,
          spent_cents: spent,
          day_cents: aDay,
          budget_cents: budget,
        },
      }),
    ),
  };
}

const noneIn = (budgets: Record<string, number>) => Object.keys(budgets).length === 0;
const sum = (spent: Map<string, Spent>, period: 'month' | 'day') =>
  [...spent.values()].reduce((all, each) => all + each[period], 0);
