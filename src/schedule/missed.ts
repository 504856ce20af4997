/**
 * Slots that catch-up skipped share one skipped row: its slot is the first of them, and its metadata has the others.
 */
import type { MissedStretch } from '../transitions/runs/backfill.ts';
import { slotsMissed, type Schedule } from './cron.ts';

/** The series of missed slots for which the row stands; only the row's own slot if its metadata does not say more. */
export function missedStretch({
  scheduled_for: first,
  metadata,
}: {
  scheduled_for: Date;
  metadata: any;
}): MissedStretch {
  const last = new Date(metadata?.last);
  const count = metadata?.count;
  return Number.isInteger(count) && count > 0 && last >= first
    ? { first, count, last }
    : { first, count: 1, last: first };
}

/**
 * What stays missed if the slots in [since, until) are taken out: up to two series, each with its exact count. Null
 * if the schedule has changed since the slots were missed: then it is not known which slots they were.
 */
export function cutOut(
  schedule: Schedule,
  { first, count, last }: MissedStretch,
  since: Date,
  until: Date,
): MissedStretch[] | null {
  const clip = (at: number) => Math.min(Math.max(at, first.getTime()), last.getTime() + 1);
  const bounds = [
    first.getTime(),
    clip(since.getTime()),
    clip(until.getTime()),
    last.getTime() + 1,
  ];
  const parts = [0, 1, 2].map((part) =>
    // `slotsMissed` takes (after, until], a part is [start, end).
    slotsMissed(schedule, new Date(bounds[part]! - 1), new Date(bounds[part + 1]! - 1), count),
  );
  const found = parts.filter((part) => part.first !== null);
  const isSame =
    parts.every(({ capped }) => !capped) &&
    parts.reduce((total, part) => total + part.count, 0) === count &&
    found[0]?.first?.getTime() === first.getTime() &&
    found.at(-1)?.last?.getTime() === last.getTime();
  if (!isSame) return null;
  return [parts[0]!, parts[2]!].flatMap(({ first, count, last }) =>
    first && last ? [{ first, count, last }] : [],
  );
}
