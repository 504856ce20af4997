/** Which slots of bots fall into maintenance windows that skip runs. */
import { sql } from 'kysely';
import type { ListedMaintenance } from '../../data/bots/bot-maintenance.ts';
import type { Db } from '../../database/connect.ts';
import { BadScheduleError, rememberedSchedule, slotsMissed } from '../../schedule/cron.ts';
import { occurrenceAt, type Occurrence } from '../../schedule/occurrences.ts';

/** How many slots of one schedule are counted: for one slot each minute, about a month. */
const maxCounted = 50_000;

/** How many slots of active bots an occurrence skips; `is_least`: there are more than {@link maxCounted} of a schedule. */
export async function countSlots(
  db: Db,
  { skip_runs, bot_ids }: Pick<ListedMaintenance, 'skip_runs' | 'bot_ids'>,
  { starts_at, ends_at }: Occurrence,
): Promise<{ count: number; is_least: boolean }> {
  const counted = { count: 0, is_least: false };
  if (!skip_runs) return counted;
  const schedules = await db
    .selectFrom('bots')
    .select(['schedule_cron', 'timezone', sql<number>`count(*)::int`.as('bots')])
    .where('status', '=', 'active')
    .where(sql<boolean>`(${bot_ids}::uuid[] IS NULL OR id = ANY (${bot_ids}::uuid[]))`)
    .groupBy(['schedule_cron', 'timezone'])
    .execute();
  // Slots in [start, end): `slotsMissed` takes (after, at].
  const [after, at] = [new Date(starts_at.getTime() - 1), new Date(ends_at.getTime() - 1)];
  for (const { schedule_cron, timezone, bots } of schedules)
    try {
      const found = slotsMissed(rememberedSchedule(schedule_cron, timezone), after, at, maxCounted);
      counted.count += found.count * bots;
      counted.is_least ||= found.capped;
    } catch (error) {
      // The bot is in error, or will be: it takes no slot.
      if (!(error instanceof BadScheduleError)) throw error;
    }
  return counted;
}

/** The window that skips a slot; `ends_at` is the end of the occurrence into which it falls. */
export interface SkippedBy {
  id: string;
  reason: string;
  ends_at: Date;
}

interface SkippingWindow {
  id: string;
  reason: string;
  bot_ids: string[] | null;
  schedule_cron: string | null;
  timezone: string;
  duration_seconds: number | null;
  planned_until: Date | null;
  /** the planned occurrences, as times in JSON */
  times: [start: string, end: string][];
}

/**
 * Returns a function that says which window skips a slot whose run begins at `start`; null if none does. It decides as the claim
 * does (v9_96_claim.sql), also for occurrences that are not planned yet. The windows are read once.
 */
export async function skippingWindows(
  db: Db,
): Promise<(bot: string, slot: Date, start: Date) => SkippedBy | null> {
  const { rows } = await sql<SkippingWindow>`
    SELECT m.id, m.reason, m.bot_ids, m.schedule_cron, m.timezone, m.duration_seconds, m.planned_until,
           (SELECT coalesce(json_agg(json_build_array(lower(r), upper(r)) ORDER BY r), '[]') FROM unnest(m.occurrences) r) AS times
    FROM bot_maintenance m
    WHERE m.skip_runs AND m.ended_at IS NULL AND upper(m.occurrences) > engine.now() - interval '7 days'
    ORDER BY m.bot_ids IS NULL, m.created_at, m.id`.execute(db);
  const windows = rows.map(({ times, ...window }) => ({
    ...window,
    planned: times.map(([start, end]) => ({ starts_at: new Date(start), ends_at: new Date(end) })),
  }));
  return (bot, slot, start) => {
    for (const window of windows) {
      if (window.bot_ids !== null && !window.bot_ids.includes(bot)) continue;
      const found = coveringOccurrence(window, slot) ?? coveringOccurrence(window, start);
      if (found) return { id: window.id, reason: window.reason, ends_at: found.ends_at };
    }
    return null;
  };
}

function coveringOccurrence(
  {
    planned,
    planned_until,
    schedule_cron,
    duration_seconds,
    timezone,
  }: Omit<SkippingWindow, 'times'> & { planned: Occurrence[] },
  at: Date,
): Occurrence | null {
  const known = planned.find(({ starts_at, ends_at }) => starts_at <= at && at < ends_at);
  if (known) return known;
  if (schedule_cron === null || duration_seconds === null || at <= planned_until!) return null;
  try {
    const later = occurrenceAt({ schedule_cron, timezone, duration_seconds }, at);
    return later && later.starts_at > planned_until! ? later : null;
  } catch (error) {
    if (!(error instanceof BadScheduleError)) throw error;
    return null;
  }
}
