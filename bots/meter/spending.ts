/** What was spent in the present month and day. */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import { maskedEmail } from '../parts/people.ts';
import { dayMs } from '../parts/time.ts';
import type { Config } from './config.ts';
import { isCost } from './usage.ts';

/** What a provider, a model or a user has cost in this month and on this day. */
export interface Spent {
  /** of a user, masked */
  email: string | null;
  month: number;
  day: number;
}

/** The beginnings of the day and the month, and how many days the month has, in UTC. */
export function calendar(now: Date) {
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  const monthStart = new Date(Date.UTC(year, month, 1));
  const monthEnd = new Date(Date.UTC(year, month + 1, 1));
  return { monthStart, monthEnd, dayStart: new Date(Math.floor(now.getTime() / dayMs) * dayMs) };
}

/** SQL: what is spent on, by which rows are added up. A model is known by its provider, too: two may have one of the same name. */
const subjects = {
  provider: sql`provider::text`,
  model: sql`provider || '/' || model`,
  user_id: sql`user_id::text`,
};

export async function readSpending(
  by: 'provider' | 'model' | 'user_id',
  { db, now }: CheckContext,
  config: Config,
): Promise<Map<string, Spent>> {
  const { user_month_cents, user_day_cents, max_findings, warn_percent } = config;
  const { monthStart, dayStart } = calendar(now);
  // Only users near a budget are read, because there may be many.
  const near = (budget: number | null) => (budget === null ? null : (budget * warn_percent) / 100);
  const { rows } = await sql<Spent & { subject: string }>`
    SELECT *, ${by === 'user_id' ? maskedEmail(sql`subject::uuid`) : sql`NULL`} AS email FROM (
      SELECT ${subjects[by]} AS subject, sum(cost_cents)::float8 AS month,
        coalesce(sum(cost_cents) FILTER (WHERE created_at >= ${dayStart}), 0)::float8 AS day
      FROM javari_usage_stats
      WHERE created_at >= ${monthStart} AND created_at <= ${now} AND ${isCost(config)} AND ${subjects[by]} IS NOT NULL
      GROUP BY 1
    ) spent
    ${
      by === 'user_id'
        ? sql`WHERE month >= ${near(user_month_cents)}::float8 OR day >= ${near(user_day_cents)}::float8`
        : sql``
    }
    ORDER BY month DESC, subject LIMIT ${by === 'user_id' ? max_findings + 1 : 1_000}`.execute(db);
  return new Map(rows.map(({ subject, ...spent }) => [subject, spent]));
}

export const noneIn = (budgets: Record<string, number>) => Object.keys(budgets).length === 0;
export const sum = (spent: Map<string, Spent>, period: 'month' | 'day') =>
  [...spent.values()].reduce((all, each) => all + each[period], 0);
