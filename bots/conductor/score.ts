/** The health score of each bot: percent of its slots and runs of a day that ended as success, which the job `rollup` writes. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { category, type Config } from './config.ts';
import { report } from './report.ts';

interface Scored {
  name: string;
  day: string;
  health_score: number;
  runs: number;
}

/** The newest score of each active bot, of today or yesterday. Today has one only when there were enough runs by now. */
const newest = (now: Date) => sql`
  SELECT DISTINCT ON (m.bot_id) b.name, m.day::text AS day, m.health_score, m.runs
  FROM bot_metrics m JOIN bots b ON b.id = m.bot_id
  WHERE m.day >= (${now}::timestamptz AT TIME ZONE 'UTC')::date - 1 AND m.day <= (${now}::timestamptz AT TIME ZONE 'UTC')::date
    AND m.health_score IS NOT NULL AND b.status = 'active'
  ORDER BY m.bot_id, m.day DESC`;

export async function findLowScores(config: Config, context: CheckContext): Promise<CheckResult> {
  const { db, now, skip } = context;
  const { rows } = await sql<{ scored: number; least: number | null; mean: number | null }>`
    SELECT count(*)::int AS scored, min(health_score) AS least, avg(health_score)::float8 AS mean
    FROM (${newest(now)}) scores`.execute(db);
  const { scored, least, mean } = rows[0]!;
  if (scored === 0)
    skip(
      'no bot has a health score of today or yesterday: the job `rollup` writes them once a bot has run often enough; ' +
        'see `npx roundsman jobs show rollup`',
    );
  const query = sql<Scored>`
    SELECT * FROM (${newest(now)}) scores WHERE health_score < ${config.min_health_score}
    ORDER BY health_score, name`;
  return report(
    query,
    config,
    context,
    ({ name: component, day, health_score, runs }) => ({
      severity: 'medium',
      category,
      title: `Bot ${component} has a health score of ${health_score} %`,
      description: `On ${day}, ${health_score} % of its slots and runs ended as success. The minimum is ${config.min_health_score} %.`,
      component,
      metadata: { health_score, day, runs },
    }),
    (found) => [
      { name: 'bots with a score', value: scored },
      { name: 'bots below the minimum score', value: found.length },
      { name: 'lowest score', value: least ?? 0, unit: '%' },
      { name: 'mean score', value: mean ?? 0, unit: '%' },
    ],
  );
}
