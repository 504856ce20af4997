/** Which period a report is about, and the earlier periods with which it is compared. */
import type { Moment } from '../bots/backfill.ts';
import { UsageError } from '../../ground/errors.ts';
import { inUnits } from '../../ground/duration.ts';
import { time } from '../../ground/text.ts';

/** How many earlier periods there are, each as long as the period itself. */
export const periodsBefore = 7;

/** How short and how long a period may be, in seconds. */
export const [minPeriodSeconds, maxPeriodSeconds] = [60, 31 * 86_400] as const;

/** The bounds of a period and of those before it, ascending. */
export const boundsOf = (from: Date, to: Date): Date[] =>
  Array.from(
    { length: periodsBefore + 2 },
    (_, at) => new Date(from.getTime() - (periodsBefore - at) * (to.getTime() - from.getTime())),
  );

/** From `since` until now: the bounds of the period and of those before it, ascending. Throws UsageError. */
export function boundsSince(since: Moment, now: Date): Date[] {
  const from = since instanceof Date ? since : new Date(now.getTime() - since.secondsAgo * 1_000);
  const length = (now.getTime() - from.getTime()) / 1_000;
  if (length < minPeriodSeconds || length > maxPeriodSeconds)
    throw new UsageError({
      what: `there is no report since ${time(from)} UTC`,
      why: `a report is about ${inUnits(minPeriodSeconds)} at least and ${inUnits(maxPeriodSeconds)} at most; by the database's clock it is ${time(now)} UTC`,
      hint: 'for example --since 24h',
    });
  return boundsOf(from, now);
}
