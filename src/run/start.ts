import { sql, type Selectable } from 'kysely';
import type { Database } from '../data/connect.ts';
import type { RunEntry } from '../queue/run-queue.ts';
import { leaseSeconds } from '../data/bots/fence.ts';
import type { Engine } from './engine.ts';
import type { Run, Stop } from './run.ts';

/**
 * `queued -> running`: takes an attempt, a new fence and a lease. Null when the run is not ours: it was
 * started, finished or queued again elsewhere, or its bot has no place free (then finish queues it).
 */
export async function start(engine: Engine, entry: RunEntry): Promise<Run | null> {
  const { rows } = await sql<Selectable<Database['bot_executions']>>`
    SELECT * FROM engine.start_run(${entry.id}::uuid, ${entry.generation}::int, ${engine.worker}::text,
                                   make_interval(secs => ${leaseSeconds}))`.execute(engine.db);
  const [row] = rows;
  if (!row) return null;

  const bot = await engine.db
    .selectFrom('bots')
    .select(['id', 'name', 'api_endpoint', 'config', 'timeout_seconds'])
    .where('id', '=', row.bot_id)
    .executeTakeFirstOrThrow();
  const controller = new AbortController();
  return {
    id: row.id,
    fence: row.fence!,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    trigger: row.trigger,
    startedAt: row.started_at,
    bot: { id: bot.id, name: bot.name, endpoint: bot.api_endpoint, config: bot.config },
    timeoutMs: bot.timeout_seconds * 1000,
    signal: controller.signal,
    stop: (why: Stop) => controller.abort(why),
  };
}
