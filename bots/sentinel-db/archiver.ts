/** Whether the server archives WAL, where archive_mode is on. */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { category } from './report.ts';

interface Archiver {
  mode: string | null;
  failed: number;
  reset: string | null;
  /** the newest try failed */
  fails: boolean;
  last_failed: string | null;
  last_archived: string | null;
  /** WAL segments that are complete and not archived; null where that is not known */
  waiting: number | null;
}

const memory = z.object({ failed: z.number(), reset: z.string().nullable() });

/** SQL: the number of a segment by the name of its file. */
const segment = (name: ReturnType<typeof sql>) => sql`
  (('x' || substr(${name}, 9, 8))::bit(32)::bigint * (4294967296 / pg_size_bytes(current_setting('wal_segment_size')))
   + ('x' || substr(${name}, 17, 8))::bit(32)::bigint)`;

export async function findArchiverFailures(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Archiver>`
    SELECT current_setting('archive_mode', true) AS mode, failed_count::float8 AS failed, stats_reset::text AS reset,
      coalesce(last_failed_time > last_archived_time, last_failed_time IS NOT NULL) AS fails,
      last_failed_wal AS last_failed, last_archived_wal AS last_archived,
      CASE WHEN NOT pg_is_in_recovery() AND last_archived_wal ~ '^[0-9A-F]{24}$' THEN greatest(0,
        ${segment(sql`pg_walfile_name(pg_current_wal_lsn())`)} - 1 - ${segment(sql`last_archived_wal`)})::float8 END AS waiting
    FROM pg_stat_archiver`.execute(context.db);
  const archiver = rows[0]!;
  const { mode, failed, reset, fails, waiting } = archiver;
  if (mode === null || mode === 'off')
    context.skip('archive_mode is off: the server archives no WAL');
  const before = memory.nullable().catch(null).parse(context.remembered);
  const continues = before !== null && before.reset === reset && before.failed <= failed;
  const newFailures = continues ? failed - before.failed : 0;
  const findings: ReportedFinding[] = [];
  const report = (severity: 'high' | 'medium' | 'low', key: string, title: string) =>
    findings.push({
      severity,
      category,
      title,
      component: 'archiver',
      key,
      metadata: { ...archiver },
    });
  if (fails)
    report('high', 'fails', `Archiver fails: the newest try, of ${archiver.last_failed}, failed`);
  else if (newFailures > 0)
    report(
      'low',
      'fails',
      `Archiver failed ${counted(newFailures, 'time')} since the last run, and works again`,
    );
  if ((waiting ?? 0) > config.max_unarchived_segments)
    report(
      'medium',
      'waiting',
      `Archiver is behind: ${counted(waiting ?? 0, 'WAL segment waits', 'WAL segments wait')} to be archived`,
    );
  return {
    examined: ['fails', ...(waiting === null ? [] : ['waiting'])],
    figures: [
      { name: 'archiving failures since the last run', value: newFailures },
      { name: 'archiving failures in all', value: failed },
      ...(waiting === null ? [] : [{ name: 'WAL segments that wait', value: waiting }]),
    ],
    findings,
    remember: { failed, reset },
  };
}
