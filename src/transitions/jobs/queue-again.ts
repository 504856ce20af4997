/**
 * Rescue queues runs of jobs again whose entries are lost.
 *
 * From: queued, without an entry in the queue.
 * To: queued, with the next generation: if the older entry is delivered later, it starts nothing.
 * By: rescue, in any process.
 * Locks: runs of jobs by id; rows that others hold are skipped: they are being started or queued.
 * Zero rows: they were started, ended or queued again meanwhile.
 */
import { maxGenerations } from '../../data/bots/job-runs.ts';
import { sql } from 'kysely';
import { namedByEntries } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';
import type { JobEntry } from '../../queue/entry.ts';

export async function queueJobsAgain(db: Db, lost: JobEntry[]): Promise<JobEntry[]> {
  if (lost.length === 0) return [];
  const { rows } = await sql<Omit<JobEntry, 'kind'>>`
    WITH free AS (
      SELECT r.id FROM engine.job_runs r
      JOIN ${namedByEntries(lost)} ON r.id = entry.id AND r.generation = entry.generation
      WHERE r.status = 'queued'
      -- Locks engine.job_runs by id; rows that others hold are skipped.
      ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED
    )
    UPDATE engine.job_runs r SET generation = least(r.generation + 1, ${maxGenerations})
    FROM free WHERE r.id = free.id
    RETURNING r.id, r.generation`.execute(db);
  return rows.map((row) => ({ kind: 'job', ...row }));
}
