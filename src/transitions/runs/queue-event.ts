/**
 * Queues a run for each bot whose source has sent what no run has read yet.
 *
 * From: no row, and an active bot with a delivery after those that its last recorded run has read.
 * To: `queued` with the trigger `event` and its first generation.
 * By: the scheduler, in each tick.
 * Locks: bots by id; rows that others hold are skipped.
 * Zero rows: nothing is unread; or a run of the bot is queued or running, which reads it, or after which the next tick comes; or the bot is
 *   paused, disabled or in error; or its last run of this kind failed less than a minute ago.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { RunEntry } from '../../queue/run-queue.ts';

/** The entries, which the caller has to queue; when one is lost, rescue makes another. */
export async function queueEventRuns(db: Db): Promise<RunEntry[]> {
  const { rows } = await sql<RunEntry>`
    WITH unread AS (
      SELECT b.id, b.priority, b.max_attempts
      FROM engine.sources s JOIN bots b ON b.id = s.bot_id
      WHERE b.status = 'active' AND b.removed_at IS NULL AND b.checked_version = b.definition_version
        AND b.api_endpoint LIKE 'in:%'
        AND s.last_number > coalesce((SELECT (m.remembered ->> 'read')::bigint FROM engine.check_memories m
                                      WHERE m.bot_id = s.bot_id AND m.check_name = 'deliveries'), 0)
        AND NOT EXISTS (
          SELECT FROM bot_executions e
          WHERE e.bot_id = b.id AND e.status IN ('queued', 'running') AND e.trigger NOT IN ('verify', 'external'))
        AND NOT EXISTS (
          SELECT FROM bot_executions e
          WHERE e.bot_id = b.id AND e.trigger = 'event' AND e.status IN ('failed', 'timeout')
            AND e.started_at > engine.now() - interval '1 hour' AND e.completed_at > engine.now() - interval '1 minute')
      ORDER BY b.id FOR NO KEY UPDATE OF b SKIP LOCKED
    ), queued AS (
      INSERT INTO bot_executions (bot_id, status, trigger, scheduled_for, generation, max_attempts, started_at, queued_at)
      SELECT id, 'queued', 'event', NULL, 1, max_attempts, engine.now(), engine.now() FROM unread
      RETURNING id, bot_id, generation
    )
    SELECT q.id, q.generation, u.priority FROM queued q JOIN unread u ON u.id = q.bot_id`.execute(
    db,
  );
  return rows;
}
