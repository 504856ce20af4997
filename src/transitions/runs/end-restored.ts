/**
 * A backup was restored: what waited or ran when it was made belongs to the past, and must not be done once more.
 *
 * From: `queued` or `running`.
 * To: `cancelled`, with the reason `restored`.
 * By: whoever restores a backup (`db restore`), before the restored database is seen by any other session.
 * Locks: bot_executions by id.
 * Zero rows: no run was open.
 */
import { sql } from 'kysely';
import { isPending } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

/** How many runs it ended. */
export async function endRestoredRuns(db: Db): Promise<number> {
  const { rows } = await sql`
    WITH open AS (
      -- Locks bot_executions by id.
      SELECT e.id FROM bot_executions e WHERE ${isPending('e')} AND e.trigger <> 'external' ORDER BY e.id FOR NO KEY UPDATE
    )
    UPDATE bot_executions e
    SET status = 'cancelled', reason = 'restored', completed_at = engine.now(), lease_until = NULL
    FROM open WHERE e.id = open.id
    RETURNING e.id`.execute(db);
  return rows.length;
}
