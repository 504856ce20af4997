/**
 * Runs whose entry in the queue is lost get a new entry. No attempt is counted.
 *
 * From: `queued`, with the generation whose entry is lost.
 * To: `queued`, with the next generation: if the old entry is delivered later, it starts nothing.
 * By: rescue, in any process.
 * Locks: bot_executions by id; rows that other transactions hold are skipped: they are being started or queued.
 * Zero rows: they were started, ended or queued meanwhile.
 */
import { sql } from 'kysely';
import { namedByEntries } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';
import type { RunEntry } from '../../queue/run-queue.ts';

/** The entries that the caller has to queue. */
export async function queueRunsAgain(db: Db, lost: RunEntry[]): Promise<RunEntry[]> {
  if (lost.length === 0) return [];
  const { rows } = await sql<RunEntry>`
    WITH free AS (
      -- Locks bot_executions by id; rows that others hold are skipped: they are being started or queued.
      SELECT e.id FROM bot_executions e
      JOIN ${namedByEntries(lost)} ON e.id = entry.id AND e.generation = entry.generation
      WHERE e.status = 'queued' ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
    )
    UPDATE bot_executions e SET generation = e.generation + 1
    FROM free, bots b WHERE e.id = free.id AND b.id = e.bot_id
    RETURNING e.id, e.generation, b.priority`.execute(db);
  return rows;
}
