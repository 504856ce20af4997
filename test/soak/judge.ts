/** Whether what was measured grows without bound: what is flat in the last part of a soak, and what is not. */
import type { Day } from './year.ts';

export interface Growth {
  name: string;
  /** bytes with indexes, at the end of the first and of the second half of what is judged */
  before: number;
  now: number;
  /** bytes a day over the second half */
  bytes_a_day: number;
  grows: boolean;
}

/** A table that is smaller than this may double by one vacuum that came late. */
const minBytes = 1_000_000;
/** Growth of the second half's mean over the first half's that counts as growth. */
const minRatio = 1.05;

const mean = (values: number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Judges a series of which the days before `horizon` do not count. Null where fewer than eight days are left. */
export function judge(name: string, values: number[], horizon: number): Growth | null {
  const kept = values.slice(horizon);
  if (kept.length < 8) return null;
  const half = Math.floor(kept.length / 2);
  const [first, second] = [kept.slice(0, half), kept.slice(-half)];
  const [before, now] = [mean(first), mean(second)];
  const bytesADay = (now - before) / (kept.length - half);
  const grows = now > minBytes && now > before * minRatio;
  return { name, before, now, bytes_a_day: Math.round(bytesADay), grows };
}

/** The bytes of a table with its indexes, day by day; 0 where it was not there. */
export const bytesOf = (days: Day[], table: string): number[] =>
  days.map(({ tables }) => {
    const found = tables.find(({ name }) => name === table);
    return found ? found.bytes + found.index_bytes : 0;
  });

export const totalOf = (days: Day[]): number[] =>
  days.map(({ tables }) =>
    tables.reduce((sum, { bytes, index_bytes: indexes }) => sum + bytes + indexes, 0),
  );

/** All tables together, and each table; those of which too little was seen are left out. */
export function judgeAll(days: Day[], horizon: number): Growth[] {
  const names = days.at(-1)!.tables.map(({ name }) => name);
  return [
    judge('all tables', totalOf(days), horizon),
    ...names.map((name) => judge(name, bytesOf(days, name), horizon)),
  ].filter((growth) => growth !== null);
}
