import { figureNames, type Period, type PeriodFigures, type Report } from '../../report/report.ts';

const figuresBy = (figure: (name: keyof PeriodFigures) => number): PeriodFigures =>
  Object.fromEntries(figureNames.map(([name]) => [name, figure(name)])) as never;

/** The middle one of the sorted values, or the mean of the middle two. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The earlier figures with which the last of these periods is compared; null if there is no earlier one. The oldest is first. */
export function compare(periods: readonly Period[]): Report['before'] {
  const before = periods.slice(0, -1);
  const last = before.at(-1);
  if (!last) return null;
  return {
    count: before.length,
    median: figuresBy((name) => median(before.map((each) => each[name]))),
    last: figuresBy((name) => last[name]),
  };
}
