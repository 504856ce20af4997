/** Spending of a month as it will be at its end. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { shortened } from '../parts/in-words.ts';
import { median } from '../parts/median.ts';
import { dayMs, daysBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { calendar, noneIn, readSpending, sum } from './spending.ts';
import { all, inCents, isCost, maxShown, nameOfProvider, requireUsage } from './usage.ts';

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
