/** How the last runs of bots ended, and how long they took. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** How many runs of a bot are read, and so count for the 95th percentile. */
const maxRunsRead = 50;

export interface RunsOfBot {
  name: string;
  /** the newest runs, the oldest of them first; those on their way have no duration */
  runs: { status: string; started_at: Date; execution_time_ms: number | null }[];
  /** of the durations of those of its last {@link maxRunsRead} runs that ended; null if there is none */
  p95_ms: number | null;
  /** how many durations these are */
  timed: number;
}

/**
 * The newest `shown` runs (50 at most) of `bots` bots: those with the ids `first`, then others in the order of their names.
 * Skipped slots, runs that only judge, and rows of the platform's own code are left out. Reads no more than the newest rows of
 * each bot, by idx_executions_bot.
 */
export async function runsOfBots(
  db: Db,
  { first, bots, shown }: { first: readonly string[]; bots: number; shown: number },
): Promise<RunsOfBot[]> {
  const { rows } = await sql<RunsOfBot>`
    SELECT b.name, r.runs, r.p95_ms, r.timed
    FROM (
      SELECT id, name::text AS name, id = ANY (${first}::uuid[]) AS is_first FROM bots
      WHERE removed_at IS NULL AND id = ANY (${first}::uuid[])
      UNION
      (SELECT id, name::text, id = ANY (${first}::uuid[]) FROM bots WHERE removed_at IS NULL ORDER BY name LIMIT ${bots})
    ) b CROSS JOIN LATERAL (
      SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY e.execution_time_ms) FILTER (WHERE e.completed_at IS NOT NULL) AS p95_ms,
             count(e.execution_time_ms) FILTER (WHERE e.completed_at IS NOT NULL)::int AS timed,
             coalesce(json_agg(json_build_object('status', e.status, 'started_at', e.started_at,
               'execution_time_ms', CASE WHEN e.completed_at IS NOT NULL THEN e.execution_time_ms END)
               ORDER BY e.started_at) FILTER (WHERE e.place <= ${shown}), '[]') AS runs
      FROM (
        SELECT status, started_at, completed_at, execution_time_ms, row_number() OVER (ORDER BY started_at DESC) AS place
        FROM (
          -- With >= and <=, as in data/bots/bot-executions.ts: else the planner may walk through the runs of all bots.
          SELECT status, started_at, completed_at, execution_time_ms FROM bot_executions e
          WHERE e.bot_id >= b.id AND e.bot_id <= b.id
            AND e.status <> 'skipped' AND e.trigger NOT IN ('verify', 'external')
          ORDER BY e.bot_id, e.started_at DESC LIMIT ${maxRunsRead}
        ) newest
      ) e
    ) r
    ORDER BY b.is_first DESC, b.name LIMIT ${bots}`.execute(db);
  return rows.map((row) => ({
    ...row,
    runs: row.runs.map((run) => ({ ...run, started_at: new Date(run.started_at) })),
  }));
}
