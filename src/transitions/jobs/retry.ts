/**
 * An attempt of a run of a job has failed, and another one is left.
 *
 * From: running.
 * To: queued for another attempt, not before its delay is over; cancelled when a person requested that.
 * By: the worker that holds the run, under its fence.
 * Locks: the run.
 * Zero rows: the run was taken over, given back or ended: the worker's result is dropped.
 */
import { maxGenerations } from '../../data/bots/job-runs.ts';
import { sql } from 'kysely';
import type { Fenced } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

export interface RetriedJob {
  generation: number;
  status: 'queued' | 'cancelled';
}

/** Null for zero rows. */
export async function retryJob(
  db: Db,
  { id, fence }: Fenced,
  {
    reason,
    error,
    figures,
    delayMs,
  }: {
    reason: string | null;
    error: string | null;
    /** JSON text of what the attempts did until now; null: nothing is known */
    figures: string | null;
    delayMs: number;
  },
): Promise<RetriedJob | null> {
  const goesOn = sql`cancel_requested_at IS NULL`;
  const { rows } = await sql<RetriedJob>`
    UPDATE engine.job_runs
    SET status = CASE WHEN ${goesOn} THEN 'queued' ELSE 'cancelled' END,
        reason = CASE WHEN ${goesOn} THEN ${reason}::text ELSE 'cancelled' END, error_message = ${error},
        figures = coalesce(${figures}::jsonb, figures), generation = least(generation + (${goesOn})::int, ${maxGenerations}), lease_until = NULL,
        run_after = CASE WHEN ${goesOn} THEN engine.now() + make_interval(secs => ${delayMs / 1000}) END,
        completed_at = CASE WHEN NOT ${goesOn} THEN engine.now() END
    WHERE id = ${id} AND fence = ${fence} AND status = 'running'
    RETURNING generation, status`.execute(db);
  return rows[0] ?? null;
}
