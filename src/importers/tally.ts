/** Counts the lines and rows of an import. */
import type { Years } from './reading/years.ts';

/** What `rowsOf` has counted so far. */
export interface Tally {
  lines: number;
  imported: number;
  /** Rows of which a part was left out. */
  cut: number;
  /** Lines that were imported before, of a log that has grown since. They are counted nowhere else. */
  known: number;
  /** Lines that are not rows of their own, but parts of another row. */
  joined: number;
  /** All malformed lines are counted, and the first ten are listed; line numbers begin at 1. */
  malformed: { count: number; lines: { line: number; why: string }[] };
  /** The oldest and the newest time of the rows, in ms since 1970; null without a row that has a time. */
  oldest: number | null;
  newest: number | null;
  /** Rows without a time. */
  untimed: number;
  /** The name of the format in which the log is read; null before it is known. */
  format: string | null;
  /** Whether a line had a time that names no zone. */
  zoneUsed: boolean;
  /** The years of dates that name none; null before the format is known. */
  years: Years | null;
}

export const emptyTally = (): Tally => ({
  lines: 0,
  imported: 0,
  cut: 0,
  known: 0,
  joined: 0,
  malformed: { count: 0, lines: [] },
  oldest: null,
  newest: null,
  untimed: 0,
  format: null,
  zoneUsed: false,
  years: null,
});

const maxListed = 10;

export function countMalformed({ malformed }: Tally, line: number, why: string): void {
  if (++malformed.count <= maxListed) malformed.lines.push({ line, why });
}

/** `at` is the time of the row; `cut` says that a part of it was left out. */
export function countRow(tally: Tally, at: number | null, cut: boolean): void {
  tally.imported++;
  if (cut) tally.cut++;
  if (at === null) tally.untimed++;
  else {
    if (tally.oldest === null || at < tally.oldest) tally.oldest = at;
    if (tally.newest === null || at > tally.newest) tally.newest = at;
  }
}
