/** How much waits in the queue, and how late the scheduler is. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export interface QueueDepth {
  /** queued runs whose time has come */
  due: number;
  /** queued runs whose time is yet to come, such as a second attempt */
  later: number;
  /** since when the run that is due longest is due; null if none is */
  since: Date | null;
}

/** How many runs are on their way to a worker. It reads idx_executions_queued, which has only these. */
export async function queueDepth(db: Db): Promise<QueueDepth> {
  const { rows } = await sql<QueueDepth>`
    SELECT count(*) FILTER (WHERE at <= now)::int AS due, count(*) FILTER (WHERE at > now)::int AS later,
           min(at) FILTER (WHERE at <= now) AS since
    FROM (SELECT coalesce(e.run_after, e.queued_at) AS at, engine.now() AS now FROM bot_executions e
          WHERE e.status = 'queued' AND e.trigger <> 'external') queued`.execute(db);
  return rows[0]!;
}

/** How many of the newest runs are read, whatever their trigger, and how many of the scheduler's own runs count. */
const maxRunsRead = 500;
const maxSlots = 100;

export interface SchedulerLag {
  /** from the slot to its claim: the 95th percentile and the newest one; null if no slot is known */
  p95_ms: number | null;
  newest_ms: number | null;
  /** how many slots these are, of the last 24 hours */
  slots: number;
}

/**
 * How long after their time slots were claimed. Bots with jitter are left out: their runs are late on purpose. It reads the
 * newest {@link maxRunsRead} runs and no more, so that it costs the same with a million.
 */
export async function schedulerLag(db: Db): Promise<SchedulerLag> {
  const { rows } = await sql<SchedulerLag>`
    SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY ms) AS p95_ms, count(*)::int AS slots,
           (array_agg(ms ORDER BY claimed_at DESC))[1] AS newest_ms
    FROM (
      SELECT e.queued_at AS claimed_at,
             greatest(0, round(extract(epoch FROM e.queued_at - e.scheduled_for) * 1000))::float8 AS ms
      FROM (SELECT * FROM bot_executions ORDER BY started_at DESC LIMIT ${maxRunsRead}) e JOIN bots b ON b.id = e.bot_id
      WHERE e.trigger = 'schedule' AND e.status <> 'skipped' AND e.scheduled_for IS NOT NULL
        AND e.queued_at > engine.now() - interval '24 hours' AND b.jitter_seconds = 0
      ORDER BY e.queued_at DESC LIMIT ${maxSlots}
    ) claimed`.execute(db);
  return rows[0]!;
}
