/**
 * What `bot_executions` says about the slots of bots. A slot has one row; slots that catch-up left out share one, which says
 * how many they were. Every statement reads bot by bot, by the index of (bot_id, scheduled_for).
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { ExecutionStatus } from '../bots/bot-executions.ts';

/** The bots in a report: those that are there, and those that were removed after `from`. */
export const reportedBots = (db: Db, from: Date) =>
  db
    .selectFrom('bots')
    .select(['id', 'name', 'status', 'status_reason', 'status_changed_at', 'created_at'])
    .select(['schedule_cron', 'timezone', 'planned_from', 'next_slot_at', 'next_execution_at'])
    .where((eb) => eb.or([eb('removed_at', 'is', null), eb('removed_at', '>', from)]))
    .orderBy('name')
    .execute();

export type ReportBot = Awaited<ReturnType<typeof reportedBots>>[number];

/** Since when there are bots; null if there is none. */
export async function firstBotSince(db: Db): Promise<Date | null> {
  const { since } = await db
    .selectFrom('bots')
    .select((eb) => eb.fn.min('created_at').as('since'))
    .executeTakeFirstOrThrow();
  return since;
}

const isMissed = sql`(e.status = 'skipped' AND e.reason IS NOT DISTINCT FROM 'missed')`;

/** Slots of a bot that each have a row, with the same result. */
export interface RecordedSlots {
  bot_id: string;
  status: ExecutionStatus;
  /** of skipped ones */
  reason: string | null;
  /** what else the rows say: the reason of a maintenance window, or why a person cancelled them */
  detail: string | null;
  /** UTC ms, ascending */
  slots: number[];
}

/** The slots in [from, to) without those that were missed. */
export async function recordedSlots(
  db: Db,
  bots: readonly string[],
  { from, to }: { from: Date; to: Date },
): Promise<RecordedSlots[]> {
  const { rows } = await sql<RecordedSlots>`
    SELECT b.id AS bot_id, r.status, r.reason, coalesce(m.reason, r.cancel_reason) AS detail, r.slots
    FROM unnest(${bots}::uuid[]) AS b (id)
    CROSS JOIN LATERAL (
      SELECT e.status, CASE e.status WHEN 'skipped' THEN coalesce(e.reason, 'unknown') END AS reason,
             CASE WHEN e.status = 'skipped' AND e.reason = 'maintenance' THEN e.metadata ->> 'maintenance' END AS window,
             CASE e.status WHEN 'cancelled' THEN left(e.cancel_reason, 200) END AS cancel_reason,
             array_agg(round(extract(epoch FROM e.scheduled_for) * 1000)::float8 ORDER BY e.scheduled_for) AS slots
      FROM bot_executions e
      WHERE e.bot_id = b.id AND e.scheduled_for >= ${from} AND e.scheduled_for < ${to} AND NOT ${isMissed}
      GROUP BY 1, 2, 3, 4 OFFSET 0) r
    LEFT JOIN bot_maintenance m ON m.id::text = r.window`.execute(db);
  return rows;
}

/** A row for slots that no scheduler claimed in time. */
export interface MissedSlots {
  bot_id: string;
  scheduled_for: Date;
  metadata: unknown;
}

/** How many of the last rows before the period are read: only one of these can be of a series that reaches into it. */
const lookBack = 5;

/** Missed slots whose rows lie in [from, to), and those before `from` that may reach into it. */
export async function missedSlots(
  db: Db,
  bots: readonly string[],
  { from, to }: { from: Date; to: Date },
): Promise<MissedSlots[]> {
  const { rows } = await sql<MissedSlots>`
    SELECT b.id AS bot_id, r.scheduled_for, r.metadata
    FROM unnest(${bots}::uuid[]) AS b (id)
    CROSS JOIN LATERAL (
      SELECT e.scheduled_for, e.metadata FROM bot_executions e
      WHERE e.bot_id = b.id AND e.scheduled_for >= ${from} AND e.scheduled_for < ${to} AND ${isMissed}
      UNION ALL
      SELECT e.scheduled_for, e.metadata FROM (
        SELECT * FROM bot_executions l WHERE l.bot_id = b.id AND l.scheduled_for < ${from}
        ORDER BY l.scheduled_for DESC LIMIT ${lookBack}) e
      WHERE ${isMissed} OFFSET 0) r
    ORDER BY r.scheduled_for`.execute(db);
  return rows;
}

/** How many slots of a bot have a row of their own, in one of several periods. */
export interface SlotsOfPeriod {
  bot_id: string;
  /** from 0 */
  period: number;
  status: ExecutionStatus;
  count: number;
}

/** The slots of the periods between these ascending bounds, without missed ones. Each begins at one bound and ends before the next. */
export async function slotsOfPeriods(
  db: Db,
  bots: readonly string[],
  bounds: readonly Date[],
): Promise<SlotsOfPeriod[]> {
  if (bounds.length < 2) return [];
  const { rows } = await sql<SlotsOfPeriod>`
    SELECT b.id AS bot_id, r.period, r.status, r.count
    FROM unnest(${bots}::uuid[]) AS b (id)
    CROSS JOIN LATERAL (
      SELECT width_bucket(e.scheduled_for, ${bounds}::timestamptz[]) - 1 AS period, e.status, count(*)::int AS count
      FROM bot_executions e
      WHERE e.bot_id = b.id AND e.scheduled_for >= ${bounds[0]} AND e.scheduled_for < ${bounds.at(-1)} AND NOT ${isMissed}
      GROUP BY 1, 2 OFFSET 0) r`.execute(db);
  return rows;
}

/** Runs in [from, to) that have no slot, by their trigger. */
export async function runsWithoutSlot(
  db: Db,
  { from, to }: { from: Date; to: Date },
): Promise<{ trigger: string; count: number }[]> {
  const { rows } = await sql<{ trigger: string; count: number }>`
    SELECT e.trigger, count(*)::int AS count FROM bot_executions e
    WHERE e.started_at >= ${from} AND e.started_at < ${to} AND e.scheduled_for IS NULL
    GROUP BY e.trigger ORDER BY e.trigger`.execute(db);
  return rows;
}
