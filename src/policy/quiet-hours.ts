/**
 * Quiet hours, as the clocks of their zone show them: an instant is quiet when the clock shows a time from `from` up to
 * `to`. So an hour that clocks show twice is quiet twice, and one that they skip does not count. Hours over midnight belong
 * to the day on which they begin.
 */
import type { Severity } from '../ground/severity.ts';
import { clockOf } from '../ground/wall-clock.ts';
import { weekdays, type QuietHours } from './schema.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** The end of quiet hours is looked for at most this far ahead: they may never end. */
const maxAheadMs = 14 * dayMs;

/** The wall time at which these quiet hours end if they cover the wall time `wall`; null if they do not. */
function wallEnd({ from, to, days }: QuietHours, wall: number): number | null {
  const midnight = Math.floor(wall / dayMs) * dayMs;
  // 1970-01-01 was a Thursday.
  const beginOn = (day: number) => days.includes(weekdays[(day / dayMs + 4) % 7]!);
  const overMidnight = to < from;
  const end = midnight + to * minuteMs + (overMidnight ? dayMs : 0);
  if (beginOn(midnight) && wall >= midnight + from * minuteMs && wall < end) return end;
  if (overMidnight && beginOn(midnight - dayMs) && wall < end - dayMs) return end - dayMs;
  return null;
}

/** When these quiet hours end, or the clocks change before that; null if they do not cover the instant `at` (UTC ms). */
function endOf(hours: QuietHours, at: number): number | null {
  const { offset, end } = clockOf(hours.timezone).stretchAt(at);
  const wall = wallEnd(hours, at + offset);
  return wall === null ? null : Math.min(wall - offset, end);
}

/** `at` if it is not quiet for this severity; else the first instant after it that is not, about two weeks later at most. */
export function quietUntil(all: readonly QuietHours[], severity: Severity, at: Date): Date {
  const ours = all.filter(({ severities }) => severities.includes(severity));
  let instant = at.getTime();
  while (instant < at.getTime() + maxAheadMs) {
    const end = ours.map((hours) => endOf(hours, instant)).find((found) => found !== null);
    if (end === undefined) break;
    instant = end!;
  }
  return new Date(instant);
}
