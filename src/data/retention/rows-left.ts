import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** A table of which the job `retention` leaves old rows night after night. */
export interface TableLeft {
  table: string;
  /** why its newest run left them */
  why: string;
}

const nights = 3;

/**
 * Tables that each of the newest three nights' runs has left with rows that are too old, and the newest run, too, whoever asked for it. These
 * runs are `success`, so that no failed job tells of them. Empty where fewer nights are known.
 */
export async function tablesLeft(db: Db): Promise<TableLeft[]> {
  const { rows } = await sql<TableLeft>`
    WITH ended AS (
      SELECT queued_at, scheduled_for, CASE jsonb_typeof(figures -> 'left') WHEN 'object' THEN figures -> 'left' ELSE '{}' END AS tables
      FROM engine.job_runs WHERE job = 'retention' AND status = 'success' ORDER BY queued_at DESC
    ), judged AS (
      (SELECT * FROM ended WHERE scheduled_for IS NOT NULL LIMIT ${sql.lit(nights)}) UNION ALL (SELECT * FROM ended LIMIT 1)
    )
    SELECT l.key AS table, (array_agg(l.value ORDER BY j.queued_at DESC))[1] AS why
    FROM judged j CROSS JOIN jsonb_each_text(j.tables) l
    GROUP BY l.key HAVING count(*) = ${sql.lit(nights + 1)} ORDER BY l.key`.execute(db);
  return rows;
}
