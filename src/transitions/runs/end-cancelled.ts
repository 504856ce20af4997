/**
 * Ends runs that never began and that a person asked to cancel: no worker would start them.
 *
 * From: `queued`, without an attempt, asked to cancel.
 * To: `cancelled`, outside of the bot's counters.
 * By: rescue, in any process.
 * Locks: bot_executions by id; rows that other transactions hold are skipped.
 * Zero rows: there are none, or another rescue has locked them.
 */
import { sql } from 'kysely';
import { hasBegun } from '../../data/bots/lost-run.ts';
import type { Db } from '../../database/connect.ts';

/** Ends at most `maxRows` runs; returns how many. */
export async function endCancelledRuns(db: Db, maxRows: number): Promise<number> {
  const { rows } = await sql`
    WITH cancelled AS (
      -- Locks bot_executions by id; rows that others hold are skipped.
      SELECT e.id FROM bot_executions e
      WHERE e.status = 'queued' AND e.cancel_requested_at IS NOT NULL AND NOT ${hasBegun}
      ORDER BY e.id LIMIT ${maxRows} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE bot_executions e SET status = 'cancelled', reason = 'cancelled', completed_at = engine.now()
    FROM cancelled WHERE e.id = cancelled.id
    RETURNING e.id`.execute(db);
  return rows.length;
}
