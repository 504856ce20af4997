import { sql } from 'kysely';
import type { RunEntry } from '../queue/run-queue.ts';
import type { Engine } from './engine.ts';
import type { Run } from './run.ts';

/**
 * Gives runs back that a drain could not wait for: `queued` again, the attempt not counted. What they
 * still do is dropped, because their fence is gone with the status.
 */
export async function giveBack(
  { db, queue }: Pick<Engine, 'db' | 'queue'>,
  runs: Run[],
): Promise<number> {
  if (runs.length === 0) return 0;
  const { rows } = await sql<RunEntry & { status: string }>`
    UPDATE bot_executions e
    SET status = CASE WHEN e.cancel_requested_at IS NULL THEN 'queued' ELSE 'cancelled' END,
        completed_at = CASE WHEN e.cancel_requested_at IS NOT NULL THEN engine.now() END,
        reason = CASE WHEN e.cancel_requested_at IS NULL THEN 'given back' ELSE 'cancelled' END,
        attempt = e.attempt - 1, generation = e.generation + 1, lease_until = NULL, run_after = NULL
    FROM bots b, unnest(${runs.map((run) => run.id)}::uuid[], ${runs.map((run) => run.fence)}::bigint[]) AS held (id, fence)
    WHERE b.id = e.bot_id AND e.id = held.id AND e.fence = held.fence AND e.status = 'running'
    RETURNING e.id, e.generation, b.priority, e.status`.execute(db);
  for (const run of runs) run.stop('lost');
  await queue.add(rows.filter(({ status }) => status === 'queued'));
  return rows.length;
}
