/**
 * Whether each slot of a bot has a row. The schedule says which slots were due, as far as it is known: a bot's row has only the
 * present schedule, which is valid since `planned_from`. For the time before that, only rows of runs show which slots there were.
 */
import type { ReportBot } from '../../data/report/slots.ts';
import { noSlots, type Gap, type SlotCounts } from '../../report/report.ts';
import { GapList } from './gaps.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

/** Times in UTC ms; what lies in [from, to) belongs to the period. */
export interface Interval {
  from: number;
  to: number;
}

/** Slots that share one row, because no scheduler claimed them in time. */
export interface MissedSeries {
  first: number;
  last: number;
  /** null: not known, except that there was at least one */
  count: number | null;
}

/** Slots that each have a row, with the same result. */
export interface RecordedSlots {
  status: 'queued' | 'running' | 'success' | 'failed' | 'timeout' | 'cancelled' | 'skipped';
  reason: string | null;
  detail: string | null;
  slots: readonly number[];
}

export interface Proof {
  slots: SlotCounts;
  gaps: Gap[];
  /** before this time only rows of runs say what was due; null if the schedule is known for the whole period */
  knownFrom: number | null;
  knownWhy: string | null;
  isLeast: boolean;
}

/** A bot's planned slots in a period, ascending; null if its schedule cannot be read. */
export type SlotsOf = (after: number, until: number) => readonly number[] | null;

/** The time since which the bot's row says what is due; `why` it does not say so for the whole period. */
export function knownSince(
  bot: ReportBot,
  { from, to }: Interval,
): { at: number; why: string | null } {
  const created = bot.created_at?.getTime() ?? -Infinity;
  const planned = bot.planned_from.getTime();
  const changed = bot.status_changed_at?.getTime() ?? null;
  const isNew = Math.abs(planned - created) < 5 * secondMs;
  if (bot.status === 'active') {
    // Nothing was owed before the bot was added.
    if (planned <= from || isNew) return { at: from, why: null };
    const wasResumed = changed !== null && Math.abs(planned - changed) < secondMs;
    return {
      at: Math.min(planned, to),
      why: wasResumed
        ? 'it was not active before, since when is not recorded'
        : 'its schedule was changed then, and what it was before is not recorded',
    };
  }
  const stopped = changed ?? planned;
  if (stopped <= from || (changed === null && isNew)) return { at: from, why: null };
  return {
    at: Math.min(stopped, to),
    why: 'it was active until then, and whether its schedule was the same is not recorded',
  };
}

/** Compares the slots that were due in a period with the rows of a bot. `now` is the database's time. */
export function prove(
  bot: ReportBot,
  period: Interval,
  { recorded, missed }: { recorded: readonly RecordedSlots[]; missed: readonly MissedSeries[] },
  slotsOf: SlotsOf,
  now: number,
): Proof {
  const { from, to } = period;
  const known = knownSince(bot, period);
  const gaps = new GapList(bot.name);
  const counts = noSlots();
  const rows = new Map<number, RecordedSlots>();
  for (const group of recorded) for (const slot of group.slots) rows.set(slot, group);

  const isActive = bot.status === 'active';
  const planned = bot.planned_from.getTime();
  const first = isActive ? Math.max(from - 1, planned) : Infinity;
  const due = isActive ? slotsOf(Math.max(first, from - 1), to - 1) : [];
  const unclaimed = isActive ? (bot.next_slot_at?.getTime() ?? planned) : Infinity;
  const all = new Set<number>(due ?? []);
  // A slot that was due when the schedule was changed is kept: it is the last one of the old schedule.
  if (unclaimed >= from && unclaimed < to && unclaimed <= now && bot.next_slot_at !== null)
    all.add(unclaimed);
  for (const slot of rows.keys()) all.add(slot);

  let isLeast = false;
  const inSeries = new Set<number>();
  for (const series of missed) {
    if (series.last < from || series.first >= to) continue;
    const listed = seriesSlots(series, isActive ? planned : Infinity, slotsOf);
    if (listed) {
      for (const slot of listed)
        if (slot >= from && slot < to && !rows.has(slot)) {
          inSeries.add(slot);
          all.add(slot);
        }
      continue;
    }
    // It is not known which slots they were, only between which times they lie.
    const isWhole = series.first >= from && series.last < to && series.count !== null;
    const least = isWhole ? series.count! : series.first >= from ? 1 : 0;
    isLeast ||= !isWhole;
    counts.due += least;
    if (least > 0) counts.skipped['missed'] = (counts.skipped['missed'] ?? 0) + least;
    gaps.add('missed', missedDetail, least, Math.max(series.first, from), {
      last: Math.min(series.last, to - 1),
      isLeast: !isWhole,
    });
  }

  for (const slot of [...all].toSorted((a, b) => a - b)) {
    counts.due += 1;
    const row = rows.get(slot);
    if (row) countRow(counts, gaps, row, slot);
    else if (inSeries.has(slot)) {
      counts.skipped['missed'] = (counts.skipped['missed'] ?? 0) + 1;
      gaps.add('missed', missedDetail, 1, slot);
    } else if (slot >= unclaimed) {
      counts.waiting += 1;
      gaps.add('waiting', waitingDetail(bot, now), 1, slot);
    } else {
      counts.missing += 1;
      gaps.add('missing', null, 1, slot);
    }
  }
  counts.ran = counts.success + counts.failed + counts.timeout;
  if (!isActive) addNotOwed(gaps, bot, period, slotsOf);
  const isUnreadable = isActive && due === null;
  const isKnown = known.at <= from && !isUnreadable;
  return {
    slots: counts,
    gaps: gaps.toGaps(),
    knownFrom: isKnown ? null : isUnreadable ? to : known.at,
    knownWhy: isUnreadable ? 'its schedule cannot be read' : known.why,
    isLeast,
  };
}

const missedDetail = 'no scheduler was there to claim them in time';

function countRow(counts: SlotCounts, gaps: GapList, row: RecordedSlots, slot: number): void {
  switch (row.status) {
    case 'success':
    case 'failed':
    case 'timeout':
      counts[row.status] += 1;
      return gaps.ran();
    case 'queued':
    case 'running':
      counts.open += 1;
      return gaps.ran();
    case 'cancelled':
      counts.cancelled += 1;
      return gaps.add('cancelled', row.detail, 1, slot);
    case 'skipped': {
      const reason = row.reason ?? 'unknown';
      counts.skipped[reason] = (counts.skipped[reason] ?? 0) + 1;
      return gaps.add(reason, row.detail, 1, slot);
    }
  }
}

/** The slots of a series, if the schedule that missed them is known to be the present one; else null. */
function seriesSlots(
  { first, last, count }: MissedSeries,
  knownFrom: number,
  slotsOf: SlotsOf,
): readonly number[] | null {
  if (count === 1) return [first];
  if (count === null || first < knownFrom) return null;
  const slots = slotsOf(first - 1, last);
  return slots && slots[0] === first ? slots : null;
}

function waitingDetail({ next_execution_at }: ReportBot, now: number): string {
  const start = next_execution_at?.getTime() ?? null;
  if (start === null) return 'no scheduler has planned the bot yet';
  if (start > now) return 'its start is later by the jitter of the bot';
  return now - start < minuteMs
    ? 'a scheduler is about to claim them'
    : 'no scheduler has claimed them yet';
}

/**
 * Adds the slots of the time in which a bot was not active. They did not have to run, but the report says how many there would
 * have been.
 */
function addNotOwed(gaps: GapList, bot: ReportBot, { from, to }: Interval, slotsOf: SlotsOf): void {
  const planned = bot.planned_from.getTime();
  const stopped = bot.status_changed_at?.getTime() ?? planned;
  const start = Math.max(from, stopped);
  if (start >= to) return;
  const isSame = planned <= start + secondMs;
  const slots = isSame ? slotsOf(Math.max(from - 1, stopped), to - 1) : null;
  if (slots?.length === 0) return;
  gaps.add(bot.status, bot.status_reason, slots?.length ?? null, slots?.[0] ?? start, {
    last: slots?.at(-1) ?? to - 1,
    isOwed: false,
  });
}
