/** Whether a morning report is due, by the settings and the database's clock. */
import { currentTime } from '../../data/bots/engine.ts';
import { hasReport, lastReportDue } from '../../data/report/stored-report.ts';
import { readRestoredAt } from '../../data/settings/restored-at.ts';
import type { Db } from '../../database/connect.ts';
import { clockOf, firstShowing } from '../../ground/wall-clock.ts';
import { chooseForReport } from '../../notify/routing/choose.ts';
import { readNotifications } from '../../notify/settings/read.ts';
import { settingKey } from '../../notify/settings/stored.ts';
import type { Notifications } from '../../notify/settings/schema.ts';
import { boundsOf, maxPeriodSeconds, periodsBefore } from './period.ts';

const [minuteMs, dayMs] = [60_000, 86_400_000];

export interface DueReport {
  /** `2026-11-29`, by the clock of its zone */
  day: string;
  timezone: string;
  dueAt: Date;
  /** the bounds of the period, which begins where the report before it ended, and of the periods before it */
  bounds: Date[];
}

/** The report of the present day, by the clock of its zone. If clocks skip its time, it is due at the first time after that. */
export function morningOf({ at, timezone }: Notifications['report'], now: Date): DueReport {
  const clock = clockOf(timezone);
  const wall = now.getTime() + clock.stretchAt(now.getTime()).offset;
  const today = Math.floor(wall / dayMs) * dayMs;
  const bounds = Array.from(
    { length: periodsBefore + 2 },
    (_, index) =>
      new Date(firstShowing(clock, today - (periodsBefore + 1 - index) * dayMs + at * minuteMs)),
  );
  return {
    day: new Date(today).toISOString().slice(0, 10),
    timezone,
    dueAt: bounds.at(-1)!,
    bounds,
  };
}

/**
 * The same report from where the one before it ended, so that each slot is in exactly one report; but about the longest period at
 * most. If that is not the morning before, the earlier periods with which it is compared are as long as its own.
 */
export function beginningAt(morning: DueReport, last: Date): DueReport {
  const { dueAt, bounds } = morning;
  const from = new Date(Math.max(last.getTime(), dueAt.getTime() - maxPeriodSeconds * 1_000));
  return from.getTime() === bounds.at(-2)!.getTime()
    ? morning
    : { ...morning, bounds: boundsOf(from, dueAt) };
}

/**
 * The report that is due now. Null if its time has not come today, its day has a report, no route is for reports, the settings
 * are new and were set after its time, or the database was restored after its time: it may have been sent before that. A report that was missed is due until its day ends, by the clock of its zone.
 */
export async function dueReport(db: Db): Promise<DueReport | null> {
  const settings = await readNotifications(db);
  if (!settings || chooseForReport(settings).length === 0) return null;
  const now = await currentTime(db);
  const morning = morningOf(settings.report, now);
  if (now < morning.dueAt) return null;
  const restored = await readRestoredAt(db);
  if (restored && restored >= morning.dueAt) return null;
  const last = await lastReportDue(db);
  if (last && last >= morning.dueAt) return null;
  if (await hasReport(db, morning)) return null;
  const isNew = !last || last.getTime() < morning.dueAt.getTime() - newAfterDays * dayMs;
  if (isNew && (await settingsChangedAt(db)) > morning.dueAt) return null;
  return last ? beginningAt(morning, last) : morning;
}

/**
 * Settings are new if no report was due for so many days. Otherwise only their time or zone was changed, and no morning is left
 * out.
 */
const newAfterDays = 2;

async function settingsChangedAt(db: Db): Promise<Date> {
  const { changed_at } = await db
    .selectFrom('engine.settings')
    .select('changed_at')
    .where('key', '=', settingKey)
    .executeTakeFirstOrThrow();
  return changed_at;
}
