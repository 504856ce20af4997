/** What the same hour of past days says about endpoints: from the figures that the job `rollup` adds up. */
import { sql } from '../../src/bot.ts';
import type { AnyContext } from '../../src/bot.ts';

/** The days that are compared: each weekday is among them once. */
export const pastDays = 7;

/** SQL of the windows of past days, as `day`, `from` and `to`; only those from which on there are figures. */
export const daysOf = (from: Date, to: Date) => sql`
  SELECT day, ${from}::timestamptz - day * interval '1 day' AS "from", ${to}::timestamptz - day * interval '1 day' AS "to"
  FROM generate_series(1, ${sql.lit(pastDays)}) day
  WHERE ${from}::timestamptz - day * interval '1 day' >= (
    SELECT min(starts_at) FROM engine.rollups WHERE kind = 'endpoint' AND period = 'hour')`;

/**
 * SQL of the requests of each endpoint in the clock hours that these windows touch: `day`, `path`, how many of its hours have
 * requests (`hours`), how many they have at least (`least`), and how many fall into the window itself (`requests`).
 */
export const requestsOf = (from: Date, to: Date) => sql`
  SELECT d.day, r.subject AS path, count(*)::int AS hours, min(r.events) AS least,
    sum(r.events * extract(epoch FROM least(d."to", r.starts_at + interval '1 hour') - greatest(d."from", r.starts_at)) / 3600) AS requests
  FROM (${daysOf(from, to)}) d
  -- Counted outside, so that the planner knows how few hours there are.
  CROSS JOIN generate_series(0, ${Math.ceil((to.getTime() - from.getTime()) / 3_600_000)}::int) i
  CROSS JOIN LATERAL (SELECT date_trunc('hour', d."from", 'UTC') + i * interval '1 hour' AS hour) h
  JOIN engine.rollups r ON r.kind = 'endpoint' AND r.period = 'hour' AND r.starts_at = hour
  WHERE hour < d."to"
  GROUP BY d.day, r.subject`;

/** Skips a check that needs all past days where they are not there, or are not added up any more. */
export async function requirePastDays({ db, now, skip }: AnyContext): Promise<void> {
  const { rows } = await sql<{ is_short: boolean; is_behind: boolean }>`
    SELECT coalesce((SELECT min(starts_at) FROM engine.rollups WHERE kind = 'endpoint' AND period = 'hour')
        > ${now}::timestamptz - make_interval(days => ${pastDays}, hours => 1), true) AS is_short,
      coalesce((SELECT done_until FROM engine.rollup_marks WHERE kind = 'endpoint')
        < ${now}::timestamptz - interval '22 hours', false) AS is_behind`.execute(db);
  const { is_short, is_behind } = rows[0]!;
  if (is_short)
    skip(
      `there are figures of fewer than ${pastDays} days, and all are needed: the platform has to run that long first, and nothing needs to be done`,
    );
  if (is_behind)
    skip(
      'the figures of past hours are a day old: see why the job rollup does not add them up (`npx roundsman jobs show rollup`)',
    );
}
