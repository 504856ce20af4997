import { sql } from 'kysely';
import type { RunEntry } from '../../queue/run-queue.ts';
import { statement } from '../../batch/statement.ts';

/**
 * A start that `concurrency` refused left its row queued without an entry: whoever frees a place queues
 * the bot's oldest waiting run again, a retry whose time has come as well. It has waited its time in the queue
 * once: its new entry goes first. `$1` are the bots, one place each; nothing comes back, and nothing was written,
 * where nothing waits.
 */
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
      -- Says queued twice, so that the planner goes by the bot and cannot read all that is queued instead.
      AND w.status IN ('queued', 'running') AND w.status IS NOT DISTINCT FROM 'queued'
    -- A backfill may be long: what is due now goes first.
    -- Locks bot_executions, one of each bot that the flush holds; rows that others hold are skipped.
    ORDER BY (w.trigger = 'backfill'), w.queued_at, w.scheduled_for LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
  ) waiting
  WHERE e.id = waiting.id AND e.status IS NOT DISTINCT FROM 'queued'
  RETURNING e.id, e.generation, b.priority, true AS first, e.bot_id`,
);
