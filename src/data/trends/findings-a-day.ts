/** How many findings are new, day by day. */
import { sql } from 'kysely';
import { object, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { severitiesIn } from '../bots/bot-findings.ts';

export interface FindingsOfDay {
  /** in UTC: 2026-11-28 */
  day: string;
  detected: number;
}

export interface DaysFilter {
  botId?: string | undefined;
  severity?: unknown;
  /** 1 to 366; the last one is today */
  days: number;
}

/**
 * The findings that were detected on each of the last days (UTC), the oldest day first. Reads those days by
 * idx_findings_detected, or those of one bot by idx_findings_bot. Throws BadInputError.
 */
export async function findingsADay(db: Db, filter: DaysFilter): Promise<FindingsOfDay[]> {
  const { botId, severity, days } = object('filter', filter);
  const count = wholeNumber('days', days, 1, 366);
  const narrowed = [
    botId === undefined ? sql`` : sql`AND f.bot_id = ${uuid('bot_id', botId)}::uuid`,
    severity === undefined ? sql`` : sql`AND f.severity = ANY (${severitiesIn(severity)}::text[])`,
  ];
  const { rows } = await sql<FindingsOfDay>`
    WITH today AS MATERIALIZED (SELECT (engine.now() AT TIME ZONE 'UTC')::date AS day), found AS (
      SELECT (f.detected_at AT TIME ZONE 'UTC')::date AS day, count(*)::int AS detected
      FROM bot_findings f
      WHERE f.detected_at >= ((SELECT day FROM today) - ${count - 1}::int)::timestamp AT TIME ZONE 'UTC' ${sql.join(narrowed, sql` `)}
      GROUP BY 1
    )
    SELECT to_char(d.day, 'YYYY-MM-DD') AS day, coalesce(found.detected, 0) AS detected
    FROM (SELECT today.day - back AS day FROM today, generate_series(0, ${count - 1}::int) back) d
    LEFT JOIN found ON found.day = d.day ORDER BY d.day`.execute(db);
  return rows;
}
