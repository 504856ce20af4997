/** Compares the share of 5xx answers with that of the same weekday and time. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding } from '../../src/bot.ts';
import { minutesBefore } from '../parts/time.ts';
import { median } from '../parts/median.ts';
import { readWeeks } from './baseline.ts';
import { platform, type Config } from './config.ts';

export async function compareErrors(config: Config, context: EventContext): Promise<EventResult> {
  const { db, now, from, starts, only } = context;
  const { min_requests, min_errors, error_points, error_factor, critical_error_percent } = config;
  const isAsked = only === null || only.includes(platform);
  const start = starts.find(({ key }) => key === platform)?.from ?? from;
  const to = minutesBefore(now, config.lag_minutes);
  const weeks = await readWeeks(minutesBefore(to, config.window_minutes), to, config, context);
  const usual = median(
    weeks.map(({ events, failures }) => (events > 0 ? (100 * failures) / events : 0)),
  );
  const { rows } = await sql<{ requests: number; failed: number; newest: Date | null }>`
    SELECT count(*)::int AS requests, (count(*) FILTER (WHERE failed))::int AS failed,
      max(created_at) FILTER (WHERE failed) AS newest
    FROM (SELECT created_at, status_code BETWEEN 500 AND 599 AS failed FROM api_logs
          WHERE created_at >= ${start} AND created_at <= ${now}) logs`.execute(db);
  const { requests, failed, newest } = rows[0]!;
  const share = requests > 0 ? (100 * failed) / requests : 0;
  const isWrong =
    requests >= min_requests &&
    failed >= min_errors &&
    share > usual + error_points &&
    share > usual * error_factor;
  const finding: ReportedFinding = {
    severity: share > critical_error_percent ? 'critical' : 'high',
    category: 'traffic',
    title: `Error share rose to ${share.toFixed(1)} % of ${requests} requests, ${usual.toFixed(1)} % are usual`,
    description: 'Over all endpoints, compared with the same weekday and time of past weeks.',
    component: platform,
    metadata: { requests, failed, usual_percent: usual, weeks: weeks.length },
  };
  const others = [...starts.map(({ key }) => key), ...(only ?? [])].filter(
    (key) => key !== platform,
  );
  return {
    examined: only ? [...only] : [platform],
    findings: isAsked && isWrong ? [finding] : [],
    figures: [
      { name: 'error share', value: share, unit: '%' },
      { name: 'usual error share', value: usual, unit: '%' },
    ],
    tallies: [
      { key: platform, bad: failed, of: requests, newestBadAt: newest },
      ...[...new Set(others)].map((key) => ({ key, bad: 0, of: 0, newestBadAt: null })),
    ],
  };
}
