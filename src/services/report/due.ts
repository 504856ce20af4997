/** Which morning's report is due, by the settings and the database's clock. */
import { currentTime } from '../../data/bots/engine.ts';
import { hasReport, lastReportDue } from '../../data/report/stored-report.ts';
import type { Db } from '../../database/connect.ts';
import { clockOf, firstShowing } from '../../ground/wall-clock.ts';
import { chooseForReport } from '../../notify/routing/choose.ts';
import { readNotifications } from '../../notify/settings/read.ts';
import { settingKey } from '../../notify/settings/stored.ts';
import type { Notifications } from '../../notify/settings/schema.ts';
import { boundsOf, longest, periodsBefore } from './period.ts';

const [minute, day] = [60_000, 86_400_000];

export interface DueReport {
  /** `2026-11-29`, by the clock of its zone */
  day: string;
  timezone: string;
  dueAt: Date;
  /** the bounds of the period, from where the report before it ended to this morning, and of the periods before it */
  bounds: Date[];
}

/** The report of the present day, by the clock of its zone. If clocks skip its time, it is due at the first time after that. */
export function morningOf({ at, timezone }: Notifications['report'], now: Date): DueReport {
  const clock = clockOf(timezone);
  const wall = now.getTime() + clock.stretchAt(now.getTime()).offset;
  const today = Math.floor(wall / day) * day;
  const bounds = Array.from(
    { length: periodsBefore + 2 },
    (_, index) =>
      new Date(firstShowing(clock, today - (periodsBefore + 1 - index) * day + at * minute)),
  );
  return {
    day: new Date(today).toISOString().slice(0, 10),
    timezone,
    dueAt: bounds.at(-1)!,
    bounds,
  };
}

/**
 * The same report from where the one before it ended, so that no slot is in two reports, or in none; no longer than the longest
 * period. Where that is not the morning before, the periods beside it are as long as it is.
 */
export function beginningAt(morning: DueReport, last: Date): DueReport {
  const { dueAt, bounds } = morning;
  const from = new Date(Math.max(last.getTime(), dueAt.getTime() - longest * 1_000));
  return from.getTime() === bounds.at(-2)!.getTime()
    ? morning
    : { ...morning, bounds: boundsOf(from, dueAt) };
}

/**
 * Null where none is due: its time has not come today, or its day has a report, or no route is for it, or the settings are the
 * first in days and came after its time. One that was missed is due until its day ends, by the clock of its zone.
 */
export async function dueReport(db: Db): Promise<DueReport | null> {
  const settings = await readNotifications(db);
  if (!settings || chooseForReport(settings).length === 0) return null;
  const now = await currentTime(db);
  const morning = morningOf(settings.report, now);
  if (now < morning.dueAt) return null;
  const last = await lastReportDue(db);
  if (last && last >= morning.dueAt) return null;
  if (await hasReport(db, morning)) return null;
  const isNew = !last || last.getTime() < morning.dueAt.getTime() - newAfterDays * day;
  if (isNew && (await settingsChangedAt(db)) > morning.dueAt) return null;
  return last ? beginningAt(morning, last) : morning;
}

/** Where reports were sent until now, a change of their time or zone leaves no morning out. */
const newAfterDays = 2;

async function settingsChangedAt(db: Db): Promise<Date> {
  const { changed_at } = await db
    .selectFrom('engine.settings')
    .select('changed_at')
    .where('key', '=', settingKey)
    .executeTakeFirstOrThrow();
  return changed_at;
}
