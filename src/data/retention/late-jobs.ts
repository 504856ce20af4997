import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** A job that has hours, and comes only when they are over. */
export interface LateJob {
  job: string;
  /** why its newest run did nothing */
  why: string;
}

const slots = 3;

/**
 * Jobs of which each of the newest three slots was carried out so late that nothing was done, as where their host is off at that time. These
 * runs are `success`, and say `late` in their figures. A later run that a person asked for, and that did something, ends it.
 */
export async function lateJobs(db: Db): Promise<LateJob[]> {
  const { rows } = await sql<LateJob>`
    WITH ended AS (
      SELECT job, scheduled_for, queued_at, coalesce(figures -> 'late' = 'true', false) AS late, figures ->> 'why' AS why,
             row_number() OVER (PARTITION BY job, scheduled_for IS NULL ORDER BY queued_at DESC) AS nth
      FROM engine.job_runs WHERE status = 'success'
        AND job IN (SELECT job FROM engine.job_runs WHERE figures -> 'late' = 'true')
    )
    SELECT s.job, (array_agg(s.why ORDER BY s.queued_at DESC))[1] AS why FROM ended s
    WHERE s.scheduled_for IS NOT NULL AND s.nth <= ${sql.lit(slots)} AND NOT EXISTS (
      SELECT FROM ended a WHERE a.job = s.job AND a.scheduled_for IS NULL AND NOT a.late AND a.queued_at > s.queued_at)
    GROUP BY s.job HAVING count(*) = ${sql.lit(slots)} AND bool_and(s.late) ORDER BY s.job`.execute(
    db,
  );
  return rows;
}
