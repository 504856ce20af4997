/**
 * Stores what a check wants to remember until its next run.
 *
 * From: any memory of the check, or none.
 * To: what the result of this run says.
 * By: the worker that records a run, after `record` in the same flush.
 * Locks: memories of checks; the flush holds their bot.
 * Zero rows: the run no longer runs under this fence, or a newer start has written.
 */
import { sql } from 'kysely';
import { statement } from '../../batch/statement.ts';
import { isUnderFence } from '../../data/bots/fence.ts';

/** What one check of a run wants to remember. */
export interface CheckMemory {
  /** id of the run */
  id: string;
  fence: string;
  check_name: string;
  remembered: unknown;
}

/** `$1` is a list of {@link CheckMemory}. */
export const rememberChecks = statement(
  'remember-checks',
  sql`
  WITH input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS input (id uuid, fence bigint, check_name text, remembered jsonb)
  )
  INSERT INTO engine.check_memories AS m (bot_id, check_name, remembered, last_fence)
  SELECT e.bot_id, input.check_name, coalesce(input.remembered, 'null'), input.fence
  FROM input JOIN bot_executions e ON ${isUnderFence('input')}
  ORDER BY e.bot_id, input.check_name
  ON CONFLICT (bot_id, check_name) DO UPDATE
  SET remembered = excluded.remembered, last_fence = excluded.last_fence, updated_at = engine.now()
  WHERE m.last_fence <= excluded.last_fence`,
);
