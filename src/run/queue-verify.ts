import { sql } from 'kysely';
import { underFence } from '../data/bots/fence.ts';
import type { RunEntry } from '../queue/run-queue.ts';
import type { Engine } from './engine.ts';
import type { Run } from './writer/run.ts';

/**
 * What was applied to this fingerprint and may only be judged, or asked about again, when this run is over gets a run of its own for
 * that moment, once: whoever comes by before it finds it there. Where its entry in the queue is lost, rescue
 * makes another one. Of a bot that is not active nothing is planned: its next run judges it.
 */
export async function queueVerify(
  { db, queue, log }: Engine,
  run: Run,
  fingerprint: string,
): Promise<void> {
  const entries = await underFence(db, run, async (trx) => {
    // Under the bot's lock, as everything that queues runs: two that come by queue one.
    await sql`SELECT FROM bots WHERE id = ${run.bot.id}::uuid FOR NO KEY UPDATE`.execute(trx);
    const { rows } = await sql<RunEntry>`
      WITH queued AS (
        INSERT INTO bot_executions (bot_id, status, trigger, generation, max_attempts, started_at, queued_at, run_after)
        SELECT b.id, 'queued', 'verify', 1, b.max_attempts, engine.now(), engine.now(), coalesce(a.ask_after, a.verify_after)
        FROM bots b JOIN bot_actions a ON a.bot_id = b.id
        WHERE b.id = ${run.bot.id}::uuid AND b.status = 'active' AND a.fingerprint = ${fingerprint}::text AND a.state = 'applied'
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
  });
  if (entries.length === 0) return;
  await queue
    .add(entries)
    .catch((error: unknown) =>
      log.warn({ err: error, run: run.id }, 'a verification could not be queued; rescue will'),
    );
}
