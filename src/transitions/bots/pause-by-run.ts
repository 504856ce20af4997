/**
 * A run has learnt that its bot can do nothing until a person has acted, as from a remote bot that is gone from its address.
 *
 * From: `active`, with the endpoint that the run has asked.
 * To: `paused`, with the reason. A trigger takes its next slot away; what is queued or running ends as usual. A person resumes it.
 * By: the worker that records a run, after `record` in the same flush.
 * Locks: bots; the flush holds them already.
 * Zero rows: the run no longer runs under this fence, the bot has another endpoint by now, or it is no longer active.
 */
import { sql } from 'kysely';
import { statement } from '../../batch/statement.ts';
import { isUnderFence } from '../../data/bots/fence.ts';

/** A run that pauses its bot. */
export interface PausingRun {
  /** id of the run */
  id: string;
  fence: string;
  /** the endpoint that it has asked */
  endpoint: string;
  reason: string;
}

export interface PausedBot {
  name: string;
  reason: string;
}

/** `$1` is a list of {@link PausingRun}, at most one run of a bot. */
export const pauseBotsOfRuns = statement<PausedBot>(
  'pause-bots-of-runs',
  sql`
  WITH input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS input (id uuid, fence bigint, endpoint text, reason text)
  )
  UPDATE bots b SET status = 'paused', status_reason = input.reason
  FROM input JOIN bot_executions e ON ${isUnderFence('input')}
  WHERE b.id = e.bot_id AND b.status = 'active' AND b.api_endpoint = input.endpoint
  RETURNING b.name, b.status_reason AS reason`,
);
