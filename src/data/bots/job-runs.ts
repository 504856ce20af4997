import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** No generation is above it, as the table says: a row that was written by hand may come near. */
export const mostGenerations = 2_000_000_000;

/** Whether any run of a job waits or goes on. */
export async function anyOpenJob(db: Db): Promise<boolean> {
  const { rows } = await sql<{ open: boolean }>`
    SELECT EXISTS (SELECT FROM engine.job_runs WHERE status IN ('queued', 'running')) AS open`.execute(
    db,
  );
  return rows[0]!.open;
}

/** So many in one statement; the rest follows with the next one. */
const most = 1_000;

/**
 * Removes runs of jobs that were queued more than `days` ago and are not among the `runs` newest of their job. What is
 * running stays. What waits and is as old is of a job that no version knows any more, and goes, too. `full`: there may
 * be more.
 */
export async function removeOldJobRuns(
  db: Db,
  { days, runs }: { days: number; runs: number },
): Promise<{ removed: number; full: boolean }> {
  const { rows } = await sql`
    DELETE FROM engine.job_runs WHERE id IN (
      SELECT r.id FROM engine.job_runs r
      WHERE r.queued_at < engine.now() - make_interval(days => ${days}) AND r.status <> 'running'
        AND r.queued_at < (SELECT n.queued_at FROM engine.job_runs n WHERE n.job = r.job
                           ORDER BY n.queued_at DESC OFFSET ${runs - 1} LIMIT 1)
      -- Locks engine.job_runs by id; rows that others hold are skipped.
      ORDER BY r.id LIMIT ${most} FOR UPDATE OF r SKIP LOCKED)
    RETURNING id`.execute(db);
  return { removed: rows.length, full: rows.length === most };
}
