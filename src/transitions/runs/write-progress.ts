/**
 * Writes how far runs are, as their checks say.
 *
 * From: any progress of the run, or none.
 * To: the newest progress.
 * By: the worker that carries the runs out, when it renews their leases.
 * Locks: progress of its own runs, which no other process writes.
 * Zero rows: the run is no longer running under its fence.
 */
import { sql } from 'kysely';
import { isUnderFence, type Fenced } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

/** How far one run is; `check` is the name of the check that reports it. */
export interface ReportedProgress extends Fenced {
  check: string;
  share: number;
  sentence: string | null;
}

export async function writeProgress(db: Db, reported: readonly ReportedProgress[]): Promise<void> {
  const input = reported.map(({ id, fence, check, share, sentence }) => ({
    id,
    fence,
    check,
    share,
    sentence,
  }));
  await sql`
    WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(input)}::jsonb)
        AS input (id uuid, fence bigint, "check" text, share double precision, sentence text)
    )
    INSERT INTO engine.run_progress AS p (execution_id, fence, check_name, share, sentence)
    SELECT e.id, e.fence, input."check", input.share, input.sentence
    FROM input JOIN bot_executions e ON ${isUnderFence('input')}
    ORDER BY e.id
    ON CONFLICT (execution_id) DO UPDATE
    SET fence = excluded.fence, check_name = excluded.check_name, share = excluded.share, sentence = excluded.sentence,
        told_at = engine.now()
    WHERE p.fence <= excluded.fence`.execute(db);
}
