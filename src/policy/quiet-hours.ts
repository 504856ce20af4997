/**
 * Quiet hours, as the clocks of their zone show them: an instant is quiet when the clock shows a time from `from` up to
 * `to`. So an hour that clocks show twice is quiet twice, and one that they skip is not there. Hours over midnight belong to
 * the day on which they begin.
 */
import type { Severity } from '../ground/severity.ts';
import { clockOf } from '../ground/wall-clock.ts';
import { weekdays, type QuietHours } from './schema.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Quiet hours that never end are looked through this far. */
const farthestMs = 14 * dayMs;

/** Until when the clock goes on to show such a time, as a wall time; null where `wall` is no such time. */
function wallEnd({ from, to, days }: QuietHours, wall: number): number | null {
  const midnight = Math.floor(wall / dayMs) * dayMs;
  /** 1970-01-01 was a Thursday. */
  const begins = (day: number) => days.includes(weekdays[(day / dayMs + 4) % 7]!);
  const overMidnight = to < from;
  const end = midnight + to * minuteMs + (overMidnight ? dayMs : 0);
  if (begins(midnight) && wall >= midnight + from * minuteMs && wall < end) return end;
  if (overMidnight && begins(midnight - dayMs) && wall < end - dayMs) return end - dayMs;
  return null;
}

/** When the quiet hours that cover this instant (UTC ms) end, or the clocks change; null where they do not cover it. */
function endOf(hours: QuietHours, at: number): number | null {
  const { offset, end } = clockOf(hours.timezone).stretchAt(at);
  const wall = wallEnd(hours, at + offset);
  return wall === null ? null : Math.min(wall - offset, end);
}

/** The first instant from `at` on that is not quiet for this severity, two weeks later at most; `at` itself where it is not. */
export function quietUntil(all: readonly QuietHours[], severity: Severity, at: Date): Date {
  const ours = all.filter(({ severities }) => severities.includes(severity));
  let instant = at.getTime();
  while (instant < at.getTime() + farthestMs) {
    const end = ours.map((hours) => endOf(hours, instant)).find((found) => found !== null);
    if (end === undefined) break;
    instant = end!;
  }
  return new Date(instant);
}
