/**
 * Queues one run for the time at which an applied step can be judged, or at which its check is asked about it again.
 *
 * From: no row, and an active bot with an applied step that has a `verify_after` or an `ask_after`.
 * To: `queued` with the trigger `verify`, its first generation, and that moment as `run_after`.
 * By: the worker whose run applied the step, or judges it, under that run's fence.
 * Locks: the bot's row, after the run's, which the caller holds; then the run is inserted.
 * Zero rows: the step is concluded, the bot is not active (its next run judges the step), or such a run is queued.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import type { RunEntry } from '../../queue/run-queue.ts';

/** Returns the entries that the caller has to queue; when one is lost, rescue makes another. */
export async function queueVerifyRun(
  trx: Transaction<Database>,
  botId: string,
  fingerprint: string,
): Promise<RunEntry[]> {
  // With the bot locked, as in every transaction that queues runs: two transactions that come here queue only one run.
  await sql`SELECT FROM bots WHERE id = ${botId}::uuid FOR NO KEY UPDATE`.execute(trx);
  const { rows } = await sql<RunEntry>`
    WITH queued AS (
      INSERT INTO bot_executions (bot_id, status, trigger, generation, max_attempts, started_at, queued_at, run_after)
      SELECT b.id, 'queued', 'verify', 1, b.max_attempts, engine.now(), engine.now(), coalesce(a.ask_after, a.verify_after)
      FROM bots b JOIN bot_actions a ON a.bot_id = b.id
      WHERE b.id = ${botId}::uuid AND b.status = 'active' AND a.fingerprint = ${fingerprint}::text AND a.state = 'applied'
        AND coalesce(a.ask_after, a.verify_after) IS NOT NULL
        AND NOT EXISTS (
          SELECT FROM bot_executions e
          WHERE e.bot_id = b.id AND e.status = 'queued' AND e.trigger = 'verify' AND e.run_after = coalesce(a.ask_after, a.verify_after))
      RETURNING id, bot_id, generation, run_after
    )
    SELECT q.id, q.generation, b.priority,
           greatest(0, ceil(extract(epoch FROM q.run_after - engine.now()) * 1000))::float8 AS "delayMs"
    FROM queued q JOIN bots b ON b.id = q.bot_id`.execute(trx);
  return rows;
}
