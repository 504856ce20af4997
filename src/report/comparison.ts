import { figureNames, type Report } from './report.ts';
import { formatNumber } from './words.ts';

export const noComparison = 'There is no earlier period to compare with yet.';

/** The figures beside those of earlier periods, with their head; null where there is no earlier period yet. */
export function comparisonOf({
  periods,
  before,
}: Report): { head: string[]; rows: string[][] } | null {
  if (before === null) return null;
  const now = periods.at(-1)!;
  return {
    head: ['', 'Now', 'Before', `Median of ${before.count}`],
    rows: figureNames.map(([name, label]) => [
      label,
      formatNumber(now[name]),
      formatNumber(before.last[name]),
      formatNumber(before.median[name]),
    ]),
  };
}
