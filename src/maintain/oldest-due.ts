import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import type { RunEntry } from '../queue/run-queue.ts';

/** Rows read by one query: a backlog of a bot without a free place is skipped in several queries. */
const window = 10_000;

/** The last row that a query read; the next query may continue after it. */
export interface Cursor {
  at: string;
  id: string;
}

/**
 * Queued runs that have been due for this long and whose bot has a free place, the oldest first: at most `limit` runs
 * that come after `after`. `end` is null when there are no more.
 */
export async function oldestDue(
  db: Db,
  { seconds, limit, after }: { seconds: number; limit: number; after: Cursor | null },
): Promise<{ due: RunEntry[]; end: Cursor | null }> {
  const at = sql`coalesce(e.run_after, e.queued_at)`;
  const { rows } = await sql<RunEntry & Cursor & { may_start: boolean }>`
    WITH taken AS MATERIALIZED (
      SELECT r.bot_id FROM bot_executions r JOIN bots b ON b.id = r.bot_id
      WHERE r.status = 'running' AND r.trigger <> 'external' GROUP BY r.bot_id, b.concurrency HAVING count(*) >= b.concurrency
    ), seen AS MATERIALIZED (
      SELECT e.id, e.generation, e.bot_id, ${at} AS at FROM bot_executions e
      WHERE e.status = 'queued' AND e.generation > 0
        AND ${at} < engine.now() - make_interval(secs => ${seconds})
        AND (${after?.at ?? null}::timestamptz IS NULL
             OR (${at}, e.id) > (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY ${at}, e.id LIMIT ${window}
    ), due AS MATERIALIZED (
      -- No sort: the rows come in their order, so that no more are read than are wanted.
      SELECT * FROM seen WHERE bot_id IS NOT NULL AND bot_id NOT IN (SELECT bot_id FROM taken) LIMIT ${limit}
    ), last AS (
      -- The last row that was read, also when its bot has no free place.
      SELECT * FROM seen
      WHERE (SELECT count(*) FROM due) < ${limit} AND (SELECT count(*) FROM seen) = ${window}
      ORDER BY at DESC, id DESC LIMIT 1
    )
    SELECT id, generation, at::text AS at, may_start
    FROM (SELECT *, true AS may_start FROM due UNION ALL SELECT *, false FROM last) found
    ORDER BY found.at, id`.execute(db);
  const due = rows.filter((row) => row.may_start);
  const end = due.length === limit ? due.at(-1) : rows.find((row) => !row.may_start);
  return { due, end: end ? { at: end.at, id: end.id } : null };
}
