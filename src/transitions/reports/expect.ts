/**
 * A check is about to send a request whose answer may be a report that comes later.
 *
 * From: no row; or the row of the same request, where the same attempt is begun again after a fault or a drain.
 * To: a row that takes a report until `lease_until`. One that was received, or that the remote bot has taken on and for which it
 *   still has time, stays as it is. Bodies of the bot's earlier reports, which no open run reads any more, are removed.
 * By: the child of the run that asks.
 * Locks: engine.remote_reports: its own row; of those whose bodies it removes, rows that others hold are skipped.
 * Zero rows: the run is not running with this attempt any more.
 */
import { sql } from 'kysely';
import { isPending, isRunning } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

/** One request, by its `webhook-id`, of one attempt of a run. */
export interface ReportRequest {
  id: string;
  run: string;
  attempt: number;
}

/** The row of a request. */
export interface ExpectedReport {
  /** the remote bot has taken the request on, so that it is not sent again */
  accepted: boolean;
  until: Date;
}

/** `withinMs`: for how long, from now on, a report is taken. Undefined for zero rows. */
export async function expectReport(
  db: Db,
  { id, run, attempt }: ReportRequest,
  withinMs: number,
): Promise<ExpectedReport | undefined> {
  const { rows } = await sql<ExpectedReport>`
    WITH asking AS MATERIALIZED (
      SELECT e.id, e.bot_id FROM bot_executions e WHERE e.id = ${run}::uuid AND e.attempt = ${attempt} AND ${isRunning}
    ), read AS MATERIALIZED (
      SELECT r.request_id FROM engine.remote_reports r JOIN asking ON r.bot_id = asking.bot_id
      WHERE r.body IS NOT NULL AND r.request_id <> ${id}
        AND NOT EXISTS (SELECT FROM bot_executions e WHERE e.id = r.execution_id AND ${isPending('e')})
      -- Locks remote_reports by request_id; rows that others hold are skipped.
      ORDER BY r.request_id FOR NO KEY UPDATE OF r SKIP LOCKED
    ), removed AS (
      UPDATE engine.remote_reports r SET body = NULL FROM read WHERE r.request_id = read.request_id
    )
    INSERT INTO engine.remote_reports AS r (request_id, bot_id, execution_id, attempt, lease_until)
    SELECT ${id}, asking.bot_id, asking.id, ${attempt}, engine.now() + make_interval(secs => ${withinMs / 1_000}) FROM asking
    ON CONFLICT (request_id) DO UPDATE
    SET (accepted_at, given_up_at, lease_until) = (
      SELECT CASE WHEN stays THEN r.accepted_at END, NULL::timestamptz, CASE WHEN stays THEN r.lease_until ELSE excluded.lease_until END
      FROM (SELECT r.received_at IS NOT NULL
                   OR r.accepted_at IS NOT NULL AND r.given_up_at IS NULL AND r.lease_until > engine.now() AS stays) was)
    RETURNING r.accepted_at IS NOT NULL AS accepted, r.lease_until AS until`.execute(db);
  return rows[0];
}
