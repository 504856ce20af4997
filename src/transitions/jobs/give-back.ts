/**
 * A process that stops gives runs of jobs back.
 *
 * From: running.
 * To: queued, the attempt not counted; a run with a request to cancel stays running with a lease that has run out.
 * By: the worker that holds the runs, when its process stops before they end.
 * Locks: runs of jobs by id; rows that others hold are skipped.
 * Zero rows: the runs have ended, or a transaction of theirs still holds them.
 */
import { maxGenerations } from '../../data/bots/job-runs.ts';
import { sql } from 'kysely';
import { runsAsTable, type Fenced } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';
import type { JobEntry } from '../../queue/entry.ts';

const goesOn = sql`(r.cancel_requested_at IS NULL)`;

/** Returns the entries of the runs that were given back. */
export async function giveBackJobs(db: Db, runs: Fenced[]): Promise<JobEntry[]> {
  const { rows } = await sql<{ id: string; generation: number; status: string }>`
    WITH free AS (
      SELECT r.id FROM engine.job_runs r JOIN ${runsAsTable(runs)} ON r.id = mine.id AND r.fence = mine.fence
      WHERE r.status = 'running'
      -- Locks engine.job_runs by id; rows that others hold are skipped.
      ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED
    )
    UPDATE engine.job_runs r
    SET status = CASE WHEN ${goesOn} THEN 'queued' ELSE r.status END,
        reason = CASE WHEN ${goesOn} THEN 'given back' ELSE r.reason END,
        attempt = r.attempt - ${goesOn}::int, generation = least(r.generation + ${goesOn}::int, ${maxGenerations}),
        lease_until = CASE WHEN NOT ${goesOn} THEN least(r.lease_until, engine.now()) END, run_after = NULL
    FROM free WHERE r.id = free.id
    RETURNING r.id, r.generation, r.status`.execute(db);
  return rows
    .filter(({ status }) => status === 'queued')
    .map(({ id, generation }) => ({ kind: 'job', id, generation }));
}

/** The ids of the runs that could not be given back yet. */
export async function jobsToGiveBack(db: Db, runs: Fenced[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    SELECT r.id FROM engine.job_runs r JOIN ${runsAsTable(runs)} ON r.id = mine.id AND r.fence = mine.fence
    WHERE r.status = 'running' AND ${goesOn}`.execute(db);
  return new Set(rows.map(({ id }) => id));
}
