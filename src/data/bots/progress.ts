/**
 * Whether runs go on: which runs wait though they could start, which a worker left behind, and which workers are
 * busy.
 */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** A due run that has waited for this long, while its bot had room, counts as stuck; so does a lost run. */
export const stuckAfterSeconds = 60;

/**
 * A bot has room only after it has had room for this long. A bot that executes one run at a time has a moment of room
 * between every two runs, and a run that waits then is about to start.
 */
export const roomSeconds = 10;

/** How many rows are named; the counts include the others. */
const maxNamed = 5;

export interface Waiting {
  count: number;
  /** since when the run that waits longest has waited; null when none waits */
  since: Date | null;
  /** the runs that have waited longest */
  bot_executions: { id: string; name: string; since: Date }[];
}

/**
 * Queued runs that have been due for longer than {@link stuckAfterSeconds} and whose bot has had fewer runs than its
 * `concurrency` for {@link roomSeconds}. A run is due since `greatest(queued_at, run_after)`, or since the end of an
 * attempt whose worker was lost. The bot's status does not matter: queued runs of a paused bot end as usual.
 */
export async function waitingRuns(db: Db): Promise<Waiting> {
  return readWaiting(
    db,
    sql`
    queued AS MATERIALIZED (
      SELECT e.id, e.bot_id, coalesce(let_go.at > clock.now - make_interval(secs => ${sql.lit(roomSeconds)}), false) AS ran_just_now,
             greatest(e.queued_at, e.run_after, let_go.at) AS since
      FROM clock, bot_executions e
      -- The time at which the last attempt was taken from its worker; its duration was recorded then.
      CROSS JOIN LATERAL (SELECT CASE WHEN e.worker IS NOT NULL
        THEN e.started_at + make_interval(secs => e.execution_time_ms / 1000.0) END AS at) let_go
      WHERE e.status = 'queued' AND e.cancel_requested_at IS NULL AND e.trigger <> 'external'
    ), taken AS (
      SELECT bot_id, count(*) AS runs FROM (
        SELECT bot_id FROM bot_executions WHERE status = 'running' AND trigger <> 'external'
        UNION ALL
        SELECT bot_id FROM bot_executions e
        WHERE e.completed_at > engine.now() - make_interval(secs => ${sql.lit(roomSeconds)}) AND e.status <> 'skipped' AND e.trigger <> 'external'
        UNION ALL
        SELECT bot_id FROM queued WHERE ran_just_now
      ) lately GROUP BY bot_id
    ), found AS MATERIALIZED (
      SELECT q.id, b.name::text AS name, q.since
      FROM clock, queued q JOIN bots b ON b.id = q.bot_id LEFT JOIN taken t ON t.bot_id = q.bot_id
      WHERE q.since < clock.now - make_interval(secs => ${sql.lit(stuckAfterSeconds)}) AND coalesce(t.runs, 0) < b.concurrency
    )`,
  );
}

/**
 * Active bots whose newest ended run performed no check: they run, but look at nothing. `since` is the end of the first run without
 * a check: the first after the last one with success or a check, or the first that is recorded.
 */
export async function botsUnchecked(
  db: Db,
): Promise<{ count: number; since: Date | null; first: string | null }> {
  const ended = sql`FROM bot_executions e
      WHERE e.bot_id = b.id AND e.trigger NOT IN ('verify', 'external') AND e.status IN ('success', 'failed', 'timeout')`;
  const uncheckedRun = sql`(e.status <> 'success' AND coalesce(e.checks_performed, 0) = 0)`;
  const { rows } = await sql<{ count: number; since: Date | null; first: string | null }>`
    SELECT count(*)::int AS count, min(f.completed_at) AS since,
           (array_agg(b.name::text ORDER BY f.completed_at, b.name))[1] AS first
    FROM bots b
    CROSS JOIN LATERAL (SELECT e.* ${ended} ORDER BY e.started_at DESC LIMIT 1) newest
    CROSS JOIN LATERAL (
      SELECT e.completed_at ${ended}
        AND e.started_at > coalesce((SELECT e.started_at ${ended} AND NOT ${uncheckedRun} ORDER BY e.started_at DESC LIMIT 1), '-infinity')
      ORDER BY e.started_at LIMIT 1) f
    WHERE b.status = 'active' AND newest.status <> 'success' AND coalesce(newest.checks_performed, 0) = 0`.execute(
    db,
  );
  return rows[0]!;
}

/** Whether row level security hides rows of the bots from this role: then this role never sees all rows. */
export async function rowsAreHidden(db: Db): Promise<boolean> {
  const { rows } = await sql<{ hidden: boolean }>`
    SELECT row_security_active('public.bots') OR row_security_active('public.bot_tickets') AS hidden`.execute(
    db,
  );
  return rows[0]!.hidden;
}

export interface ReadOnly {
  /** the cause; for a setting, also where it was made */
  why: string;
  /**
   * the setting is the server's or the database's; a setting of a role or a session, or a standby, may concern only
   * this session
   */
  forAll: boolean;
}

/** Why this session may write nothing; null if it may write. */
export async function whyReadOnly(db: Db): Promise<ReadOnly | null> {
  const { rows } = await sql<{ standby: boolean; on: boolean; source: string }>`
    SELECT pg_is_in_recovery() AS standby, setting = 'on' AS "on", source
    FROM pg_settings WHERE name = 'default_transaction_read_only'`.execute(db);
  const { standby, on, source } = rows[0]!;
  if (standby) return { why: 'this server is a standby (pg_is_in_recovery)', forAll: false };
  if (!on) return null;
  return {
    why: `default_transaction_read_only is on (${source})`,
    forAll: ['configuration file', 'command line', 'database'].includes(source),
  };
}

/** Runs whose worker stopped renewing their leases and that no process has taken over yet. */
export async function lostRuns(db: Db): Promise<Waiting> {
  return readWaiting(
    db,
    sql`
    found AS MATERIALIZED (
      SELECT e.id, b.name::text AS name, e.lease_until AS since
      FROM bot_executions e JOIN bots b ON b.id = e.bot_id
      WHERE e.status = 'running' AND e.lease_until < engine.now() - make_interval(secs => ${sql.lit(stuckAfterSeconds)})
    )`,
  );
}

async function readWaiting(db: Db, found: RawBuilder<unknown>): Promise<Waiting> {
  const { rows } = await sql<{ id: string; name: string; since: Date; count: number }>`
    WITH clock AS MATERIALIZED (SELECT engine.now() AS now), ${found}
    SELECT id, name, since, count(*) OVER ()::int AS count FROM found ORDER BY since, id LIMIT ${sql.lit(maxNamed)}`.execute(
    db,
  );
  return {
    count: rows[0]?.count ?? 0,
    since: rows[0]?.since ?? null,
    bot_executions: rows.map(({ id, name, since }) => ({ id, name, since })),
  };
}

/** How many runs each worker executes now, by the worker's name, which is the id of its node. */
export async function countRunsByWorker(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('bot_executions')
    .select(['worker', sql<number>`count(*)::int`.as('count')])
    .where('status', '=', 'running')
    .groupBy('worker')
    .execute();
  return new Map(rows.flatMap(({ worker, count }) => (worker === null ? [] : [[worker, count]])));
}

export interface Activity {
  /** the newest run of a bot began, and ended: by a worker */
  began_at: Date | null;
  ended_at: Date | null;
  /** the newest run of a job ended, by a worker, and was queued, by a scheduler */
  job_ended_at: Date | null;
  job_queued_at: Date | null;
  /** the newest slot was claimed, by a scheduler */
  claimed_at: Date | null;
  /** the newest stop in order of a process that schedules, and of one that works */
  scheduler_stopped_at: Date | null;
  worker_stopped_at: Date | null;
}

/** What workers and schedulers did last; null if there is no row of it. */
export async function lastActivity(db: Db): Promise<Activity> {
  const stopOf = (role: string) => sql`
    (SELECT (value ->> ${role})::timestamptz FROM engine.settings WHERE key = 'last_stop')`;
  const isWorkers = sql`completed_at IS NOT NULL AND status IN ('success', 'failed', 'timeout')`;
  const { rows } = await sql<Activity>`
    SELECT (SELECT max(last_execution_at) FROM bots) AS began_at,
           (SELECT completed_at FROM bot_executions WHERE ${isWorkers} AND trigger <> 'external'
            ORDER BY completed_at DESC LIMIT 1) AS ended_at,
           (SELECT completed_at FROM engine.job_runs WHERE ${isWorkers} ORDER BY completed_at DESC LIMIT 1) AS job_ended_at,
           (SELECT max(n.queued_at) FROM engine.jobs j CROSS JOIN LATERAL (
              SELECT r.queued_at FROM engine.job_runs r WHERE r.job = j.name AND r.scheduled_for IS NOT NULL
              ORDER BY r.queued_at DESC LIMIT 1) n) AS job_queued_at,
           (SELECT queued_at FROM bot_executions WHERE trigger = 'schedule' ORDER BY started_at DESC LIMIT 1) AS claimed_at,
           ${stopOf('scheduler')} AS scheduler_stopped_at, ${stopOf('worker')} AS worker_stopped_at`.execute(
    db,
  );
  return rows[0]!;
}
