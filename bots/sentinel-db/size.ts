/** How large the database is, and how fast it grows. */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { number, span } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { bytes, category, databaseName } from './report.ts';

/** [second, bytes], an hour apart, the oldest first */
const memory = z.array(z.tuple([z.number(), z.number()]));

const hourSeconds = 3_600;
const daySeconds = 24 * hourSeconds;
/** Growth is measured over a week at most, and over six hours at least: less says nothing about a day. */
const maxKept = 7 * 24;
const minSeconds = 6 * hourSeconds;

/** Reads the sizes of the files; no table is locked. */
export async function findGrowth(config: Config, context: CheckContext): Promise<CheckResult> {
  const { rows } = await sql<{ size: number }>`
    SELECT pg_database_size(current_database())::float8 AS size`.execute(context.db);
  const { size } = rows[0]!;
  const at = Math.floor(context.now.getTime() / 1_000);
  const known = memory
    .catch([])
    .parse(context.remembered)
    .filter(([then]) => then < at);
  const component = await databaseName(context);
  const perDay = (from: [number, number] | undefined) =>
    from && at - from[0] >= minSeconds ? ((size - from[1]) / (at - from[0])) * daySeconds : null;
  const week = perDay(known[0]);
  const day = perDay(known.find(([then]) => at - then <= daySeconds));
  const findings: ReportedFinding[] = [];
  const report = (severity: 'high' | 'medium', key: string, title: string) =>
    findings.push({ severity, category, title, component, key, metadata: { size, week, day } });
  const percent = day === null ? 0 : (100 * day) / Math.max(1, size - day);
  if (
    day !== null &&
    percent > config.max_growth_percent &&
    day >= config.min_growth_mb * 1_048_576
  )
    report(
      'medium',
      'growth',
      `Database ${component} grows by ${bytes(day)} a day, ${number(percent)} %`,
    );
  const room = config.max_size_gb === null ? null : config.max_size_gb * 1_024 ** 3 - size;
  const daysLeft = room !== null && week !== null && week > 0 ? room / week : null;
  if (room !== null && room <= 0)
    report(
      'high',
      'room',
      `Database ${component} has ${bytes(size)}, more than its limit of ${config.max_size_gb} GB`,
    );
  else if (daysLeft !== null && daysLeft < config.size_days)
    report(
      'medium',
      'room',
      `Database ${component} reaches its limit of ${config.max_size_gb} GB in ${span(daysLeft * 86_400)}`,
    );
  const isDue = at - (known.at(-1)?.[0] ?? 0) >= hourSeconds;
  return {
    examined: [
      ...(day === null ? [] : ['growth']),
      ...(room === null || week !== null || room <= 0 ? ['room'] : []),
    ],
    figures: [
      { name: 'database size', value: size, unit: 'bytes' },
      ...(week === null
        ? []
        : [{ name: 'growth in a day', value: Math.round(week), unit: 'bytes' }]),
      ...(daysLeft === null
        ? []
        : [{ name: 'time until the size limit', value: Math.round(daysLeft), unit: 'days' }]),
    ],
    findings,
    ...(isDue && { remember: [...known, [at, size] as [number, number]].slice(-maxKept) }),
  };
}
