/**
 * A slot of a job that is due gets its run.
 *
 * From: no row.
 * To: queued, or skipped (overlap: as many runs of the job are open as may run at once; missed: a newer slot is due
 *   too).
 * By: any scheduler, for a slot that is due.
 * Locks: engine.jobs, the job's row.
 * Zero rows: another scheduler has claimed the slot.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export interface DueSlot {
  job: string;
  concurrency: number;
  maxAttempts: number;
  /** the value of `engine.jobs.last_slot_at` by which the slot was found to be due, as the database writes it */
  since: string;
  slot: Date;
  /** the slots between `since` and `slot`; null when there are none */
  missed: { first: Date; last: Date; count: number; capped: boolean } | null;
}

export interface ClaimedSlot {
  id: string;
  generation: number;
  status: 'queued' | 'skipped';
  reason: string | null;
}

export async function claimSlot(db: Db, due: DueSlot): Promise<ClaimedSlot[]> {
  const { missed } = due;
  const figures =
    missed &&
    JSON.stringify({
      count: missed.count,
      last: missed.last,
      ...(missed.capped && { more: true }),
    });
  const { rows } = await sql<ClaimedSlot>`
    WITH moved AS (
      UPDATE engine.jobs SET last_slot_at = ${due.slot}
      WHERE name = ${due.job} AND last_slot_at = ${due.since}::timestamptz RETURNING name
    ), open AS (
      SELECT count(*) >= ${due.concurrency}::int AS busy FROM engine.job_runs
      WHERE job = ${due.job} AND status IN ('queued', 'running')
    ), slots AS (
      SELECT ${due.slot}::timestamptz AS slot, CASE WHEN busy THEN 'overlap' END AS reason, NULL::jsonb AS figures FROM open
      UNION ALL
      SELECT ${missed?.first ?? null}::timestamptz, 'missed', ${figures}::jsonb WHERE ${missed !== null}::boolean
    )
    INSERT INTO engine.job_runs (job, scheduled_for, status, reason, generation, max_attempts, completed_at, figures)
    SELECT moved.name, slot, CASE WHEN reason IS NULL THEN 'queued' ELSE 'skipped' END, reason,
           (reason IS NULL)::int, ${due.maxAttempts}::int, CASE WHEN reason IS NOT NULL THEN engine.now() END, figures
    FROM moved, slots
    ON CONFLICT (job, scheduled_for) WHERE scheduled_for IS NOT NULL DO NOTHING
    RETURNING id, generation, status, reason`.execute(db);
  return rows;
}
