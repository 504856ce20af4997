/** The slots of earlier periods, with which those of the present period are compared: they are counted, not listed. */
import type { MissedSlots, ReportBot, SlotsOfPeriod } from '../../data/report/slots.ts';
import { missedStretch } from '../../schedule/missed.ts';
import type { MissedSeries, SlotsOf, Interval } from './proof.ts';
import { knownSince } from './proof.ts';

export interface EarlierSlots {
  due: number;
  ran: number;
  failed: number;
  skipped: number;
  missing: number;
}

/** The series of slots for which a row of missed slots stands. The row has `until` if only the end of the series is known. */
export function seriesOf({ scheduled_for, metadata }: MissedSlots): MissedSeries {
  const { until } = (metadata ?? {}) as { until?: unknown };
  const end = typeof until === 'string' ? Date.parse(until) : Number.NaN;
  const first = scheduled_for.getTime();
  if (end > first) return { first, last: end, count: null };
  const { count, last } = missedStretch({ scheduled_for, metadata });
  return { first, last: last.getTime(), count };
}

/** The slots of one bot in each of the periods between these bounds, UTC ms. `counted` has no missed slots. */
export function earlierSlots(
  bot: ReportBot,
  bounds: readonly number[],
  { counted, missed }: { counted: readonly SlotsOfPeriod[]; missed: readonly MissedSeries[] },
  slotsOf: SlotsOf,
): EarlierSlots[] {
  const periods = bounds.slice(1).map((to, index): Interval => ({ from: bounds[index]!, to }));
  return periods.map((period, index) => {
    const rows = counted.filter((row) => row.period === index);
    const sum = (...statuses: string[]) =>
      rows.reduce((all, { status, count }) => all + (statuses.includes(status) ? count : 0), 0);
    const missedHere = missed.reduce((all, series) => all + slotsIn(series, period, slotsOf), 0);
    const recorded = rows.reduce((all, { count }) => all + count, 0) + missedHere;
    const isKnown = bot.status === 'active' && knownSince(bot, period).at <= period.from;
    const after = Math.max(period.from - 1, bot.planned_from.getTime());
    const planned = isKnown && after < period.to ? (slotsOf(after, period.to - 1)?.length ?? 0) : 0;
    const due = Math.max(planned, recorded);
    return {
      due,
      ran: sum('success', 'failed', 'timeout'),
      failed: sum('failed', 'timeout'),
      skipped: sum('skipped') + missedHere,
      missing: due - recorded,
    };
  });
}

/**
 * How many slots of a series lie in a period. If that is not known, all of them count for the period in which the series begins.
 */
function slotsIn(
  { first, last, count }: MissedSeries,
  { from, to }: Interval,
  slotsOf: SlotsOf,
): number {
  if (last < from || first >= to) return 0;
  if (first >= from && last < to) return count ?? 1;
  const all = count === null ? null : slotsOf(first - 1, last);
  if (all?.length !== count) return first >= from ? (count ?? 1) : 0;
  return all!.filter((slot) => slot >= from && slot < to).length;
}
