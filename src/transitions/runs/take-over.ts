/**
 * Rescue takes over runs whose worker is lost.
 *
 * From: `running`, with a lease that has run out, attempts left, and not asked to cancel.
 * To: `queued` with the next generation, reason `worker lost`. The next attempt continues its unfinished heal.
 * By: rescue, in any process.
 * Locks: bot_executions, those that are lost longest first; rows that other transactions hold are skipped.
 * Zero rows: no worker is lost, or another rescue has locked its runs.
 */
import { sql } from 'kysely';
import { leaseOver, leaseRanOutInWords, mayGoOn } from '../../data/bots/lost-run.ts';
import { tookMs } from '../../data/bots/run-duration.ts';
import type { Db } from '../../database/connect.ts';
import type { RunEntry } from '../../queue/run-queue.ts';

/** Takes over at most `maxRows` runs, which the caller has to queue. Each comes with the worker that is lost. */
export async function takeOverRuns(
  db: Db,
  maxRows: number,
): Promise<{ entry: RunEntry; worker: string }[]> {
  const { rows } = await sql<RunEntry & { worker: string }>`
    WITH lost AS (
      -- Locks bot_executions, those that are lost longest first; rows that others hold are skipped.
      SELECT e.id FROM bot_executions e WHERE ${leaseOver} AND ${mayGoOn}
      ORDER BY e.lease_until LIMIT ${maxRows} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE bot_executions e
    SET status = 'queued', reason = 'worker lost', error_message = ${leaseRanOutInWords},
        execution_time_ms = ${tookMs}, generation = e.generation + 1, lease_until = NULL
    FROM lost, bots b WHERE e.id = lost.id AND b.id = e.bot_id
    RETURNING e.id, e.generation, b.priority, e.worker`.execute(db);
  return rows.map(({ worker, ...entry }) => ({ entry, worker }));
}
