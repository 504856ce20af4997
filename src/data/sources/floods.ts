/** What a source's check has to know about its alarms in order to see a flood of them. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Severity } from '../../ground/severity.ts';
import { severityRank } from '../bots/severity-rank.ts';

export interface FloodState {
  /** id of the open finding of the flood; null where there is none */
  id: string | null;
  /** how many different alarms were opened within the window */
  recent: number;
  /** how many different alarms have stood behind the flood */
  alarms: number;
  /** of these, how many are open, and the worst of their severities */
  open: number;
  worst: Severity | null;
}

/** An open finding among those that a batch is about. */
export interface OpenAlarm {
  key: string;
  /** it stands behind the flood */
  is_part: boolean;
}

/** `floodKey`: the key of the flood's own finding; `windowMinutes`: what counts as recent, by the database's clock. */
export async function floodState(
  db: Db,
  botId: string,
  { check, floodKey, windowMinutes }: { check: string; floodKey: string; windowMinutes: number },
): Promise<FloodState> {
  const { rows } = await sql<FloodState>`
    WITH flood AS (
      SELECT id FROM bot_findings
      WHERE bot_id = ${botId}::uuid AND check_name = ${check} AND component_key = ${floodKey} AND resolved_at IS NULL
    ), parts AS (
      SELECT count(DISTINCT f.fingerprint)::int AS alarms, count(*) FILTER (WHERE f.resolved_at IS NULL)::int AS open,
             (array_agg(f.severity ORDER BY ${severityRank('f.severity')}) FILTER (WHERE f.resolved_at IS NULL))[1] AS worst
      FROM bot_findings f WHERE f.suppressed_by = (SELECT id FROM flood)
    )
    SELECT (SELECT id FROM flood), parts.*,
           (SELECT count(DISTINCT f.fingerprint)::int FROM bot_findings f
            WHERE f.bot_id = ${botId}::uuid AND f.check_name = ${check} AND f.component_key LIKE 'alarm/%'
              AND f.detected_at > engine.now() - make_interval(mins => ${windowMinutes})) AS recent
    FROM parts`.execute(db);
  return rows[0]!;
}

/** Of these keys, those with an open finding. */
export async function openAlarms(
  db: Db,
  botId: string,
  { check, keys, flood }: { check: string; keys: readonly string[]; flood: string | null },
): Promise<OpenAlarm[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<OpenAlarm>`
    SELECT f.component_key AS key, coalesce(f.suppressed_by = ${flood}::uuid, false) AS is_part
    FROM bot_findings f
    WHERE f.bot_id = ${botId}::uuid AND f.check_name = ${check} AND f.resolved_at IS NULL
      AND f.component_key = ANY (${keys}::text[])`.execute(db);
  return rows;
}
