/** Warnings of quiet hours that last longer than a night. */
import { severities, type Severity } from '../ground/severity.ts';
import { quietUntil } from './quiet-hours.ts';
import type { QuietHours } from './schema.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Quiet hours repeat each week; one more day shows a stretch that begins at the week's end. */
const examinedMs = 8 * dayMs;
/** A longer stretch than this never ends. */
const alwaysMs = 7 * dayMs;
/** A person hardly intends that a critical or high ticket waits longer than this. */
const maxUrgentMs = 12 * hourMs;

const urgent: ReadonlySet<Severity> = new Set(['critical', 'high']);

/**
 * The longest stretch that is quiet for this severity, in ms; Infinity if it is always quiet. Stretches of less than an hour
 * may be missed. For severities that are not urgent it is 0 or Infinity: other stretches need no warning.
 */
function longestQuiet(all: readonly QuietHours[], severity: Severity, from: Date): number {
  const ours = all.filter((hours) => hours.severities.includes(severity));
  // Times of the day are whole minutes, and clocks change at whole minutes.
  const first = Math.floor(from.getTime() / minuteMs) * minuteMs;
  const endAt = (instant: number) => quietUntil(ours, severity, new Date(instant)).getTime();
  if (ours.length === 0) return 0;
  if (endAt(first) - first > alwaysMs) return Infinity;
  if (!urgent.has(severity)) return 0;
  let longest = 0;
  for (let instant = first; instant < first + examinedMs; instant += hourMs) {
    const end = endAt(instant);
    if (end === instant) continue;
    let start = instant;
    while (instant - start < hourMs && endAt(start - minuteMs) === end) start -= minuteMs;
    longest = Math.max(longest, end - start);
    instant = Math.floor((end - first) / hourMs) * hourMs + first;
  }
  return longest;
}

const inHours = (ms: number): string => {
  const minutes = Math.round(ms / minuteMs);
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ''}`;
};

/** One line for each severity with a warning; `consequence` says what is not done: `messages about them wait`. */
export const quietWarnings = (
  all: readonly QuietHours[],
  { now, consequence, always }: { now: Date; consequence: string; always: string },
): string[] =>
  severities.flatMap((severity) => {
    const longest = longestQuiet(all, severity, now);
    if (longest === Infinity)
      return [`quiet_hours: ${severity} tickets are quiet always: ${always}`];
    return urgent.has(severity) && longest > maxUrgentMs
      ? [
          `quiet_hours: ${severity} tickets are quiet for up to ${inHours(longest)} at a stretch: ${consequence}`,
        ]
      : [];
  });
