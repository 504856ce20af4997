/** Compares the requests of the last minutes with those of the same weekday and time. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { hourMs, hoursBefore, minutesBefore } from '../parts/time.ts';
import { median } from '../parts/median.ts';
import { hasFallen, listWeeks, readWeeks, usualOf } from './baseline.ts';
import { platform, type Config } from './config.ts';

/** How many hours before are compared, to tell a quiet day, such as a holiday, from a fall. */
const hoursCompared = 6;

async function countRequests(from: Date, to: Date, { db }: CheckContext) {
  const { rows } = await sql<{ requests: number; failed: number }>`
    SELECT count(*)::int AS requests, (count(*) FILTER (WHERE status_code BETWEEN 500 AND 599))::int AS failed
    FROM api_logs WHERE created_at >= ${from} AND created_at < ${to}`.execute(db);
  return rows[0]!;
}

/**
 * Whether the hours before were quiet in the same way. A public holiday is; an outage begins at once. It is asked only where
 * requests have fallen, because it reads many figures.
 */
async function isQuietDay(
  requests: number,
  usual: number,
  config: Config,
  context: CheckContext,
): Promise<boolean> {
  const to = new Date(Math.floor(context.now.getTime() / hourMs) * hourMs - hourMs);
  const from = hoursBefore(to, hoursCompared);
  const weeks = await listWeeks(from, to, config, context);
  if (weeks.length === 0) return false;
  const before = median(weeks.map(({ events }) => events));
  const { rows } = await sql<{ requests: number }>`
    SELECT coalesce(sum(events), 0)::float8 AS requests FROM engine.rollups
    WHERE kind = 'endpoint' AND period = 'hour' AND starts_at >= ${from} AND starts_at < ${to}`.execute(
    context.db,
  );
  const share = before > 0 ? Math.min(1, rows[0]!.requests / before) : 1;
  // Hours with almost no requests are an outage, or were not added up: they do not make it a quiet day.
  return (
    share >= 0.1 && requests > 0 && requests >= usual * share * (1 - config.fall_percent / 100)
  );
}

export async function compareRequests(config: Config, context: CheckContext): Promise<CheckResult> {
  const { window_minutes, lag_minutes, rise_factor, min_expected, error_points } = config;
  const to = minutesBefore(context.now, lag_minutes);
  const from = minutesBefore(to, window_minutes);
  const weeks = await readWeeks(from, to, config, context);
  const usual = usualOf(weeks.map(({ events }) => events));
  const { requests, failed } = await countRequests(from, to, context);
  const expected = Math.round(usual.median);
  const about = {
    category: 'traffic',
    component: platform,
    metadata: {
      requests,
      expected,
      spread: Math.round(usual.spread),
      weeks: weeks.length,
      window_minutes,
    },
  };
  const findings: ReportedFinding[] = [];
  if (hasFallen(requests, usual, config)) {
    const isQuiet = await isQuietDay(requests, usual.median, config, context);
    findings.push({
      severity: isQuiet ? 'low' : requests === 0 ? 'critical' : 'high',
      title: `Requests fell to ${requests} in ${counted(window_minutes, 'minute')}, ${expected} are usual`,
      description: isQuiet
        ? 'The hours before were as quiet: it may be a holiday.'
        : 'Compared with the same weekday and time of past weeks. The hours before were not as quiet.',
      key: 'fall',
      ...about,
    });
  }
  if (
    requests >= min_expected &&
    requests > rise_factor * usual.median &&
    requests > usual.median + 3 * usual.spread
  ) {
    const errors = (100 * failed) / requests;
    const usualErrors = median(
      weeks.map(({ events, failures }) => (events > 0 ? (100 * failures) / events : 0)),
    );
    // More requests without more errors are welcome, such as those of a campaign.
    const isWelcome = errors <= usualErrors + error_points;
    findings.push({
      severity: isWelcome ? 'info' : 'medium',
      title: `Requests rose to ${requests} in ${counted(window_minutes, 'minute')}, ${expected} are usual`,
      description: isWelcome
        ? 'The share of 5xx answers is as usual.'
        : `${failed} of them were answered 5xx.`,
      key: 'rise',
      ...about,
    });
  }
  return {
    examined: ['fall', 'rise'],
    findings,
    figures: [
      { name: 'requests', value: requests },
      { name: 'usual requests', value: expected },
    ],
  };
}
