/**
 * When a run has freed a place, its bot's oldest waiting run gets a new entry.
 *
 * From: `queued`, with a generation whose entry a start has used up because no place was free.
 * To: `queued`, with the next generation, whose entry goes ahead of waiting entries.
 * By: the worker that ends a run of the bot, in the same flush.
 * Locks: bot_executions, one of each bot whose row the flush has locked; rows that other transactions hold are skipped.
 * Zero rows: no run of the bot waits; then nothing is written.
 */
import { sql } from 'kysely';
import { statement } from '../../batch/statement.ts';
import { isPending } from '../../data/bots/fence.ts';
import type { RunEntry } from '../../queue/run-queue.ts';

/** `$1` are the bots, one free place each. A retry whose time has come also waits. */
export const queueNextRuns = statement<Required<Omit<RunEntry, 'delayMs'>> & { bot_id: string }>(
  'queue-next',
  sql`
  UPDATE bot_executions e SET generation = e.generation + 1
  FROM unnest($1::uuid[]) AS freed (bot_id)
  JOIN bots b ON b.id = freed.bot_id
  CROSS JOIN LATERAL (
    SELECT id FROM bot_executions w
    WHERE w.bot_id = freed.bot_id AND w.generation > 0 AND w.cancel_requested_at IS NULL
      AND (w.run_after IS NULL OR w.run_after <= engine.now())
      -- The status is tested twice, so that the planner uses the index on the bot and does not read all queued runs.
      AND ${isPending('w')} AND w.status IS NOT DISTINCT FROM 'queued'
    -- A backfill may be long, so runs that are due now go first.
    -- Locks bot_executions, one of each bot that the flush holds; rows that others hold are skipped.
    ORDER BY (w.trigger = 'backfill'), w.queued_at, w.scheduled_for LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
  ) waiting
  WHERE e.id = waiting.id AND e.status IS NOT DISTINCT FROM 'queued'
  RETURNING e.id, e.generation, b.priority, true AS first, e.bot_id`,
);
