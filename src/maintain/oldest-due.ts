import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import type { RunEntry } from '../queue/run-queue.ts';

/** How many rows one query reads at most. A longer backlog of a bot without a free place takes several queries. */
const maxRead = 10_000;

/** The place of the last row that a query read; the next query may continue after it. */
export interface Cursor {
  at: string;
  id: string;
}

/**
 * Queued runs that have been due for more than `overdueSeconds` and whose bot has a free place, the oldest first.
 * Returns at most `limit` runs that come after `after`, and as `end` the row after which the next call continues. `end`
 * is null when there are no more runs.
 */
export async function oldestDue(
  db: Db,
  { overdueSeconds, limit, after }: { overdueSeconds: number; limit: number; after: Cursor | null },
): Promise<{ due: RunEntry[]; end: Cursor | null }> {
  const at = sql`coalesce(e.run_after, e.queued_at)`;
  const { rows } = await sql<RunEntry & Cursor & { may_start: boolean }>`
    WITH without_place AS MATERIALIZED (
      SELECT r.bot_id FROM bot_executions r JOIN bots b ON b.id = r.bot_id
      WHERE r.status = 'running' AND r.trigger <> 'external' GROUP BY r.bot_id, b.concurrency HAVING count(*) >= b.concurrency
    ), seen AS MATERIALIZED (
      SELECT e.id, e.generation, e.bot_id, ${at} AS at FROM bot_executions e
      WHERE e.status = 'queued' AND e.generation > 0
        AND ${at} < engine.now() - make_interval(secs => ${overdueSeconds})
        AND (${after?.at ?? null}::timestamptz IS NULL
             OR (${at}, e.id) > (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY ${at}, e.id LIMIT ${maxRead}
    ), due AS MATERIALIZED (
      -- There is no ORDER BY: the rows of seen are in order already, and without a sort the query stops after the limit.
      SELECT * FROM seen WHERE bot_id IS NOT NULL AND bot_id NOT IN (SELECT bot_id FROM without_place) LIMIT ${limit}
    ), last AS (
      -- The last row that was read, also when its bot has no free place.
      SELECT * FROM seen
      WHERE (SELECT count(*) FROM due) < ${limit} AND (SELECT count(*) FROM seen) = ${maxRead}
      ORDER BY at DESC, id DESC LIMIT 1
    )
    SELECT id, generation, at::text AS at, may_start
    FROM (SELECT *, true AS may_start FROM due UNION ALL SELECT *, false FROM last) found
    ORDER BY found.at, id`.execute(db);
  const due = rows.filter((row) => row.may_start);
  const end = due.length === limit ? due.at(-1) : rows.find((row) => !row.may_start);
  return { due, end: end ? { at: end.at, id: end.id } : null };
}
