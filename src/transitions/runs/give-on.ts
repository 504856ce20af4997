/**
 * A worker that does not know the bot of a run gives it to a worker that does: the code of the two differs while processes are
 * restarted one after the other.
 *
 * From: `running`, under its fence.
 * To: `queued` with the next generation, not before a later `run_after`, the attempt not counted.
 * By: the worker that started the run.
 * Locks: bot_executions by id.
 * Zero rows: no living worker knows the bot; or the run was taken over, or was asked to cancel: rescue ends it then.
 */
import { sql } from 'kysely';
import { isRunning, runsAsTable, type Fenced } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';
import { nodeTimeoutSeconds } from '../../database/node-timeout.ts';
import type { RunEntry } from '../../queue/run-queue.ts';

/** `bot`: its name in the catalogue. Returns the entry that the caller has to queue; null if the run was left as it was. */
export async function giveRunOn(
  db: Db,
  run: Fenced,
  { bot, pauseMs }: { bot: string; pauseMs: number },
): Promise<RunEntry | null> {
  const { rows } = await sql<RunEntry>`
    WITH mine AS MATERIALIZED (
      SELECT e.id, b.priority FROM bot_executions e JOIN ${runsAsTable([run])} ON e.id = mine.id AND e.fence = mine.fence
      JOIN bots b ON b.id = e.bot_id
      WHERE ${isRunning} AND e.cancel_requested_at IS NULL
        AND EXISTS (
          SELECT FROM engine.nodes n
          WHERE n.role <> 'scheduler' AND ${bot} = ANY (n.bots)
            AND n.heartbeat_at > engine.now() - make_interval(secs => ${sql.lit(nodeTimeoutSeconds)}))
      -- Locks the one run.
      FOR NO KEY UPDATE OF e)
    UPDATE bot_executions e
    SET status = 'queued', reason = 'given to other code', attempt = e.attempt - 1, generation = e.generation + 1,
        lease_until = NULL, run_after = engine.now() + make_interval(secs => ${pauseMs}::float8 / 1000)
    FROM mine WHERE e.id = mine.id
    RETURNING e.id, e.generation, mine.priority`.execute(db);
  return rows[0] ? { ...rows[0], delayMs: pauseMs } : null;
}
