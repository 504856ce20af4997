/** Slots that lead to no run, and runs that start late. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult } from '../../src/bot.ts';
import type { Counted } from '../parts/count-events.ts';
import type { Config } from './config.ts';
import { earliest, isAsked, reportRuns, startOf } from './runs.ts';

/** How many slots the row `e` stands for: one row stands for a whole series of missed slots. */
const slotsOfRow = sql`CASE WHEN e.status = 'skipped' AND jsonb_typeof(e.metadata -> 'count') = 'number'
  THEN greatest(1, least((e.metadata ->> 'count')::numeric, 100000)) ELSE 1 END`;

/** Slots that a maintenance window or the kill switch skips do not count. */
export function findSkippedSlots(config: Config, context: EventContext) {
  return reportRuns<Counted & { overlap: number }>(
    {
      counted: sql`
        SELECT b.name AS key, coalesce(sum(${slotsOfRow}), 0)::int AS "of",
          coalesce(sum(${slotsOfRow}) FILTER (WHERE e.status = 'skipped'), 0)::int AS bad,
          coalesce(sum(${slotsOfRow}) FILTER (WHERE e.status = 'skipped' AND e.reason = 'overlap'), 0)::int AS overlap,
          max(e.started_at) FILTER (WHERE e.status = 'skipped') AS newest
        FROM bots b ${startOf(context)} JOIN bot_executions e ON e.bot_id = b.id
        WHERE e.trigger = 'schedule' AND e.started_at >= ${earliest(context)} AND e.started_at >= start.at
          AND e.started_at <= ${context.now}
          AND (e.status <> 'skipped' OR e.reason IN ('overlap', 'missed')) AND ${isAsked(context)}
        GROUP BY b.name`,
      wrong: sql`bad >= ${config.min_skipped_slots} AND 100.0 * bad > ${config.max_skipped_percent}::numeric * "of"`,
      worst: sql`1.0 * bad / "of" DESC`,
      figures: ({ bad, of }) => [
        { name: 'slots', value: of },
        { name: 'skipped slots', value: bad },
      ],
    },
    config,
    context,
    ({ key: component, bad, of, overlap }) => ({
      severity: 'medium',
      title:
        `Bot ${component} skipped ${bad} of ${of} slots, most of them because ` +
        (overlap * 2 > bad ? 'it was still running' : 'no scheduler claimed them in time'),
      description: `At most ${config.max_skipped_percent} % of its slots should be skipped.`,
      metadata: {
        slots: of,
        skipped: bad,
        overlap,
        missed: bad - overlap,
        hours: config.window_hours,
      },
    }),
  );
}

/** Runs that began up to this long before the window are read, because they may still have been running in it. */
const longestRun = sql`interval '1 hour'`;

/**
 * Counts the runs that started late although a worker and their bot had room for them. Whether there was room is asked at the
 * moment at which a run became late: all starts and ends are put in order, and what runs at each moment is added up.
 */
export async function findLateStarts(config: Config, context: EventContext): Promise<EventResult> {
  const places = await readPlaces(context);
  return reportRuns<Counted & { p95: number }>(
    {
      tables: sql`
        runs AS MATERIALIZED (
          SELECT e.id, e.bot_id, e.started_at, coalesce(e.completed_at, ${context.now}) AS ended,
            greatest(e.queued_at, e.run_after) + make_interval(secs => ${config.late_start_seconds}) AS late_at,
            greatest(e.queued_at, e.run_after) AS queued, e.attempt = 1 AS is_first
          FROM bot_executions e
          WHERE e.started_at >= ${earliest(context)}::timestamptz - ${longestRun} AND e.started_at <= ${context.now}
            AND e.attempt > 0 AND e.status <> 'skipped' AND e.trigger <> 'external'
        ), moments AS (
          -- At the same moment an end comes first, then the question, then a start.
          SELECT ended AS at, 0 AS place, -1 AS delta, bot_id, NULL::uuid AS late FROM runs
          UNION ALL SELECT late_at, 1, 0, bot_id, id FROM runs WHERE is_first AND started_at > late_at
          UNION ALL SELECT started_at, 2, 1, bot_id, NULL FROM runs
        ), running AS (
          SELECT bot_id, late, sum(delta) OVER (ORDER BY at, place) AS "all",
            sum(delta) OVER (PARTITION BY bot_id ORDER BY at, place) AS own
          FROM moments
        ), had_room AS MATERIALIZED (
          SELECT r.late AS id FROM running r JOIN bots b ON b.id = r.bot_id
          WHERE r.late IS NOT NULL AND r."all" < ${places}::int AND r.own < b.concurrency
        )`,
      counted: sql`
        SELECT b.name AS key, count(*)::int AS "of", count(had_room.id)::int AS bad,
          max(r.started_at) FILTER (WHERE had_room.id IS NOT NULL) AS newest,
          coalesce(round(percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM r.started_at - r.queued))), 0)::int AS p95
        FROM runs r JOIN bots b ON b.id = r.bot_id ${startOf(context)} LEFT JOIN had_room ON had_room.id = r.id
        WHERE r.is_first AND r.started_at >= start.at AND ${isAsked(context)}
        GROUP BY b.name`,
      wrong: sql`bad >= ${config.min_late_starts} AND 100.0 * bad > ${config.late_start_percent}::numeric * "of"`,
      worst: sql`bad DESC`,
      figures: ({ bad, of }) => [
        { name: 'runs started', value: of },
        { name: 'late starts', value: bad },
        { name: 'places of workers', value: places },
      ],
    },
    config,
    context,
    ({ key: component, bad, of, p95 }) => ({
      severity: 'medium',
      title: `Bot ${component} started ${bad} of ${of} runs late; 95 % of its runs started within ${p95} s`,
      description:
        `A run should start within ${config.late_start_seconds} s after it was queued. The workers (${places} places) and the bot ` +
        'had room for these runs.',
      metadata: { runs: of, late: bad, p95_seconds: p95, places, hours: config.late_start_hours },
    }),
  );
}

/** How many runs the living workers can execute at once. */
async function readPlaces({ db, skip }: EventContext): Promise<number> {
  const { rows } = await sql<{ places: number | null }>`
    SELECT sum(places)::int AS places FROM engine.nodes
    -- A process writes its heartbeat every few seconds; an older row is of one that has ended.
    WHERE role <> 'scheduler' AND heartbeat_at > (SELECT engine.now()) - interval '1 minute'`.execute(
    db,
  );
  return (
    rows[0]?.places ||
    skip(
      'no living worker says how many runs it can execute at once: start one with `npx roundsman worker`',
    )
  );
}
