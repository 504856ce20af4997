/**
 * Cancels all open runs of a bot that was disabled or removed. While it is disabled, none of its runs begins.
 *
 * From: `queued` or `running`.
 * To: as cancel.ts says: a run that has not begun is `cancelled` at once. For any other run the cancellation is requested; it
 *   ends when its worker renews its lease, when its attempt ends, or when rescue finds it.
 * By: an admin (`bots disable`, `bots remove`).
 * Locks: bot_executions by id, and never waits for them: for rows that other transactions hold, the request is stored
 *   beside them, in engine.cancellations. The transaction holds the bot, under whose lock every run is queued.
 * Zero rows: the bot has no open run, except those that the platform's own code runs, which only that code can stop.
 */
import { sql, type Transaction } from 'kysely';
import { isPending } from '../../data/bots/fence.ts';
import type { Database } from '../../database/connect.ts';

export interface CancelledOfBot {
  /** runs that had not begun */
  cancelled: number;
  /** runs that are asked to end */
  stopping: number;
}

export async function cancelRunsOf(
  trx: Transaction<Database>,
  botId: string,
  reason: string,
): Promise<CancelledOfBot> {
  const hasNotBegun = sql`(e.status = 'queued' AND e.attempt = 0)`;
  const { rows } = await sql<CancelledOfBot>`
    WITH free AS MATERIALIZED (
      -- Locks bot_executions by id; rows that others hold are skipped.
      SELECT e.id FROM bot_executions e WHERE e.bot_id = ${botId}::uuid AND ${isPending('e')} AND e.trigger <> 'external'
      ORDER BY e.id FOR NO KEY UPDATE SKIP LOCKED
    ), requested AS (
      UPDATE bot_executions e
      SET status = CASE WHEN ${hasNotBegun} THEN 'cancelled' ELSE e.status END,
          completed_at = CASE WHEN ${hasNotBegun} THEN engine.now() END,
          reason = CASE WHEN ${hasNotBegun} THEN 'cancelled' ELSE e.reason END,
          cancel_requested_at = coalesce(e.cancel_requested_at, engine.now()),
          cancel_reason = coalesce(e.cancel_reason, ${reason})
      FROM free WHERE e.id = free.id
      RETURNING e.status
    ), beside AS (
      INSERT INTO engine.cancellations (execution_id, reason)
      SELECT e.id, ${reason} FROM bot_executions e
      WHERE e.bot_id = ${botId}::uuid AND ${isPending('e')} AND e.trigger <> 'external'
        AND NOT EXISTS (SELECT FROM free WHERE free.id = e.id)
      ON CONFLICT (execution_id) DO NOTHING
      RETURNING execution_id
    )
    SELECT (SELECT count(*)::int FROM requested WHERE status = 'cancelled') AS cancelled,
           (SELECT count(*)::int FROM requested WHERE status <> 'cancelled') + (SELECT count(*)::int FROM beside) AS stopping`.execute(
    trx,
  );
  return rows[0]!;
}
