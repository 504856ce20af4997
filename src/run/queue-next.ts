import { sql } from 'kysely';
import type { RunEntry } from '../queue/run-queue.ts';
import type { Engine } from './engine.ts';
import type { Run } from './run.ts';

/**
 * A start that `concurrency` refused left its row queued without an entry: whoever frees a place queues
 * the bot's oldest waiting run again. A failure here costs a second or two, then rescue does it.
 */
export async function queueNext({ db, queue, log }: Engine, { bot }: Run): Promise<void> {
  try {
    const { rows } = await sql<RunEntry>`
      UPDATE bot_executions e SET generation = e.generation + 1
      FROM bots b
      WHERE b.id = e.bot_id AND e.status = 'queued' AND e.generation > 0
        AND e.id = (SELECT id FROM bot_executions
                    WHERE bot_id = ${bot.id}::uuid AND status = 'queued' AND generation > 0 AND run_after IS NULL
                    ORDER BY queued_at, scheduled_for LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING e.id, e.generation, b.priority`.execute(db);
    await queue.add(rows);
  } catch (error) {
    log.warn({ err: error, bot: bot.name }, 'the next run of this bot could not be queued');
  }
}
