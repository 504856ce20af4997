/**
 * A worker has no place for one more run of a remote bot: the run waits, and may be taken again after a pause.
 *
 * From: `queued`, with the generation of the entry that the worker has taken, of a bot whose endpoint is an address.
 * To: `queued`, not before a later `run_after`, with the next generation; no attempt is counted.
 * By: a worker that has taken the run's entry from the queue.
 * Locks: bot_executions by id; a row that another transaction holds is skipped: it is being started, queued or ended.
 * Zero rows: the bot is no remote one, or the run was started, queued again, ended or cancelled meanwhile.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { RunEntry } from '../../queue/run-queue.ts';

/** Returns the entry that the caller has to queue; null if the run was left as it was. */
export async function putOffRemoteRun(
  db: Db,
  { id, generation }: Pick<RunEntry, 'id' | 'generation'>,
  pauseMs: number,
): Promise<RunEntry | null> {
  const { rows } = await sql<RunEntry>`
    WITH free AS (
      SELECT e.id, b.priority FROM bot_executions e JOIN bots b ON b.id = e.bot_id
      WHERE e.id = ${id}::uuid AND e.generation = ${generation}::int AND e.status = 'queued'
        AND e.cancel_requested_at IS NULL AND b.api_endpoint ~* '^[a-z][a-z0-9+.-]*://'
      FOR NO KEY UPDATE OF e SKIP LOCKED
    )
    UPDATE bot_executions e
    SET generation = e.generation + 1, run_after = engine.now() + make_interval(secs => ${pauseMs}::float8 / 1000)
    FROM free WHERE e.id = free.id
    RETURNING e.id, e.generation, free.priority`.execute(db);
  return rows[0] ? { ...rows[0], delayMs: pauseMs } : null;
}
