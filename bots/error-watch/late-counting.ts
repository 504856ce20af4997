/** Finds errors that have waited long to be counted into their groups: people are told of them late. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { span } from '../parts/in-words.ts';
import type { Config } from './config.ts';

interface Counting {
  /**
   * For how many seconds errors may have waited: not longer than since the first of those that wait was written, for where errors come
   * all the time one waits always. Null: the job was never queued.
   */
  late: number | null;
  waiting: boolean;
  /** an open transaction is older than the errors that wait */
  held_back: boolean;
}

export async function findLateCounting(
  { late_minutes }: Config,
  { db, now, skip }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Counting>`
    SELECT extract(epoch FROM ${now}::timestamptz - greatest(known.since, w.created_at))::float8 AS late, w.id IS NOT NULL AS waiting,
      EXISTS (SELECT FROM error_logs e WHERE e.xact_id >= pg_snapshot_xmin(pg_current_snapshot())) AS held_back
    FROM engine.error_cursor c
    CROSS JOIN LATERAL (
      SELECT coalesce(c.caught_up_at, (SELECT min(queued_at) FROM engine.job_runs WHERE job = 'group-errors')) AS since
    ) known
    LEFT JOIN LATERAL (
      SELECT e.id, CASE WHEN known.since IS NOT NULL AND e.created_at <= ${now} THEN e.created_at END AS created_at
      FROM error_logs e WHERE (e.xact_id, e.id) > (c.xact_id, c.error_id) ORDER BY e.xact_id, e.id LIMIT 1
    ) w ON true`.execute(db);
  const { late, waiting, held_back } = rows[0]!;
  if (late === null) return skip('the job group-errors has not run yet');
  const isLate = waiting && late > late_minutes * 60;
  return {
    examined: ['group-errors'],
    figures: [
      { name: 'uncounted for', value: waiting ? Math.max(0, Math.round(late)) : 0, unit: 's' },
    ],
    findings: isLate
      ? [
          {
            severity: late > late_minutes * 240 ? 'high' : 'medium',
            category: 'errors',
            title: `Errors are counted late: some have waited for ${span(late)}`,
            description: held_back
              ? 'A transaction that is older than these errors is still open. Errors are counted when no older one can appear any more.'
              : 'The job group-errors does not run, fails, or has more errors to count than it can.',
            component: 'group-errors',
          },
        ]
      : [],
  };
}
