/**
 * Writes requests to cancel a run, if they came while the run's row was locked, onto that row.
 *
 * From: `queued` or `running`, with a row of engine.cancellations beside it.
 * To: the same status, with `cancel_requested_at` and `cancel_reason`; the row beside it is gone. Requests for runs
 * that have ended are removed.
 * By: rescue, in any process. A trigger does the same when a running row is released (engine.run_let_go).
 * Locks: bot_executions by id, then engine.cancellations by execution_id; rows that other transactions hold are skipped.
 * Zero rows: there are no requests, or their runs are still locked; the next rescue tries again.
 */
import { sql } from 'kysely';
import { isPending } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

export const noteCancellations = (db: Db) =>
  sql`
    WITH noted AS (
      UPDATE bot_executions e
      SET cancel_requested_at = coalesce(e.cancel_requested_at, c.requested_at),
          cancel_reason = coalesce(c.reason, e.cancel_reason)
      FROM engine.cancellations c
      WHERE c.execution_id = e.id AND e.id IN (
        -- Locks bot_executions by id; rows that others hold are skipped.
        SELECT e.id FROM bot_executions e JOIN engine.cancellations a ON a.execution_id = e.id
        WHERE ${isPending('e')} ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED)
      RETURNING e.id
    ), obsolete AS (
      -- Locks engine.cancellations by execution_id; rows that others hold are skipped.
      SELECT c.execution_id FROM engine.cancellations c
      WHERE c.execution_id IN (SELECT id FROM noted)
        OR NOT EXISTS (SELECT FROM bot_executions e WHERE e.id = c.execution_id AND ${isPending('e')})
      ORDER BY c.execution_id FOR UPDATE SKIP LOCKED
    )
    DELETE FROM engine.cancellations c USING obsolete WHERE c.execution_id = obsolete.execution_id`.execute(
    db,
  );
