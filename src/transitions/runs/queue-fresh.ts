/**
 * Runs whose row was inserted without an entry get their first entry: runs that a person requested, and backfills.
 *
 * From: `queued` with generation 0, its `run_after` passed; not the platform's own (`external`).
 * To: `queued` with generation 1, which a start needs.
 * By: rescue, in any process: the command line never talks to the queue.
 * Locks: bot_executions, the oldest first; rows that other transactions hold are skipped.
 * Zero rows: there are none, or another rescue has locked them.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { RunEntry } from '../../queue/run-queue.ts';

/** At most `maxRows` entries, which the caller has to queue. */
export async function queueFreshRuns(db: Db, maxRows: number): Promise<RunEntry[]> {
  const { rows } = await sql<RunEntry>`
    WITH fresh AS (
      -- Locks bot_executions, the oldest first; rows that others hold are skipped.
      SELECT id FROM bot_executions
      WHERE status = 'queued' AND generation = 0 AND trigger <> 'external' AND coalesce(run_after <= engine.now(), true)
      ORDER BY queued_at LIMIT ${maxRows} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE bot_executions e SET generation = 1
    FROM fresh, bots b WHERE e.id = fresh.id AND b.id = e.bot_id
    RETURNING e.id, e.generation, b.priority`.execute(db);
  return rows;
}
