/** What was usual at the same time of the same weekday, in past weeks: from the figures that the job `rollup` adds up. */
import { sql } from '../../src/bot.ts';
import type { AnyContext } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { median } from '../parts/median.ts';
import type { Config } from './config.ts';

/** The requests of one past week in the compared minutes. */
export interface Week {
  events: number;
  failures: number;
}

/**
 * SQL for the figures of past weeks: as much time as between `from` and `to`, beginning at the same local time `k` weeks before. An hour's
 * figures count by the part of the hour that lies in that time. Only the beginning is taken as local time: on a day on which
 * clocks change, the local times of both ends would give another length.
 */
const weeksSql = (from: Date, to: Date, { weeks, timezone }: Config) => {
  // Counted here, so that the planner knows how few hours there are.
  const hours = Math.ceil((to.getTime() - from.getTime()) / 3_600_000);
  return sql`
  WITH first AS (
    SELECT min(starts_at) AS at FROM engine.rollups WHERE kind = 'endpoint' AND period = 'hour'
  ), spans AS (
    SELECT k, "from", "from" + (${to}::timestamptz - ${from}::timestamptz) AS "to"
    FROM generate_series(1, ${weeks}::int) k CROSS JOIN LATERAL (
      SELECT (${from}::timestamptz AT TIME ZONE ${timezone} - k * interval '7 days') AT TIME ZONE ${timezone} AS "from") begin
  ), hours AS (
    SELECT k, hour, extract(epoch FROM least("to", hour + interval '1 hour') - greatest("from", hour)) / 3600 AS part
    FROM spans CROSS JOIN generate_series(0, ${hours}::int) i
    CROSS JOIN LATERAL (SELECT date_trunc('hour', "from", 'UTC') + i * interval '1 hour' AS hour) h
    WHERE "from" >= (SELECT at FROM first) AND hour < "to"
  )
  SELECT coalesce(sum(part * r.events), 0)::float8 AS events, coalesce(sum(part * r.failures), 0)::float8 AS failures
  FROM hours LEFT JOIN LATERAL (
    SELECT sum(events) AS events, sum(failures) AS failures FROM engine.rollups
    WHERE kind = 'endpoint' AND period = 'hour' AND starts_at = hour
  ) r ON true
  GROUP BY k`;
};

/** The past weeks that have figures for all of this time. */
export async function listWeeks(
  from: Date,
  to: Date,
  config: Config,
  { db }: AnyContext,
): Promise<Week[]> {
  return (await sql<Week>`${weeksSql(from, to, config)}`.execute(db)).rows;
}

/** As {@link listWeeks}, but skips the check where the weeks are too few, or where no job adds the figures up. */
export async function readWeeks(
  from: Date,
  to: Date,
  config: Config,
  context: AnyContext,
): Promise<Week[]> {
  const { db, now, skip } = context;
  const { rows: marks } = await sql<{ behind: boolean }>`
    SELECT done_until < ${now}::timestamptz - interval '6 days' AS behind FROM engine.rollup_marks WHERE kind = 'endpoint'`.execute(
    db,
  );
  if (marks[0]?.behind)
    skip(
      'the figures of past hours are days old: see why the job rollup does not add them up (`npx roundsman jobs show rollup`)',
    );
  const weeks = await listWeeks(from, to, config, context);
  if (weeks.length < config.min_weeks)
    skip(
      `there are figures of ${counted(weeks.length, 'past week')}, and ${config.min_weeks} are needed: the platform has to run that long first, and nothing needs to be done`,
    );
  return weeks;
}

export interface Usual {
  median: number;
  /** how far values lie from the median as a rule: never less than by chance alone */
  spread: number;
}

/** The factor makes the median of the distances comparable with a standard deviation (Leys et al. 2013). */
export function usualOf(values: number[]): Usual {
  const middle = median(values);
  const distance = median(values.map((value) => Math.abs(value - middle)));
  return { median: middle, spread: Math.max(1.4826 * distance, Math.sqrt(middle)) };
}

/** Whether a count is lower than usual: by the share that is a finding, and by three spreads. */
export const hasFallen = (
  count: number,
  { median, spread }: Usual,
  { fall_percent, min_expected }: Config,
): boolean =>
  median >= min_expected &&
  count < median * (1 - fall_percent / 100) &&
  count < median - 3 * spread;
