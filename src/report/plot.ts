/**
 * Bars over periods as inline SVG. Each part of a bar has a pattern of its own and each bar its number, so that no meaning is in
 * colour alone; `<title>` and `<desc>` say the same in words.
 */
import { escaped } from './markup.ts';
import type { Period } from './report.ts';
import { formatNumber } from './words.ts';

/** One part of each bar; the parts are stacked from the bottom upwards. */
export interface Series {
  label: string;
  pattern: 'solid' | 'lines' | 'dots' | 'empty';
  values: readonly number[];
}

/** The patterns `lines` and `dots`: needed once in a document, before its plots. */
export const patterns = `<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs>
<pattern id="lines" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="ink" d="M0 0V6"/></pattern>
<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse"><circle class="fill" cx="3" cy="3" r="1.4"/></pattern>
</defs></svg>`;

const [width, height] = [420, 170];
const [top, bottom, side] = [18, 22, 6];
const plotHeight = height - top - bottom;
/** A part is at least this high: 1 missing slot among 10,000 has to be seen. */
const minPartHeight = 3;

/** The heights of a bar's parts, `height` together. What thin parts need more than their share is taken from the largest one. */
function heightsOf(values: readonly number[], height: number): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  const heights = values.map((value) =>
    value === 0 ? 0 : Math.max(minPartHeight, (value / total) * height),
  );
  const excess = heights.reduce((sum, each) => sum + each, 0) - height;
  const largest = heights.indexOf(Math.max(...heights));
  return heights.map((each, index) =>
    index === largest && each > 0 ? Math.max(minPartHeight, each - excess) : each,
  );
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
/** A number that fits above a bar: `99999`, `1.2M`. The table below has all digits. */
const shortNumber = (value: number): string =>
  value < 100_000 ? formatNumber(value) : compact.format(value);

const rounded = (value: number): string => String(Math.round(value * 100) / 100);

export interface Plot {
  /** unique in the document */
  id: string;
  title: string;
  series: readonly Series[];
}

/** The label below each bar: the day on which its period ends, or the time where several end on a day. */
export function labelsOf(periods: readonly Period[]): string[] {
  const days = periods.map(({ to }) => to.slice(5, 10));
  return new Set(days).size === days.length ? days : periods.map(({ to }) => to.slice(11, 16));
}

export function asSvg({ id, title, series }: Plot, labels: readonly string[]): string {
  const totals = labels.map((_, index) =>
    series.reduce((sum, { values }) => sum + values[index]!, 0),
  );
  const highest = Math.max(1, ...totals);
  const step = (width - 2 * side) / labels.length;
  const bar = Math.min(36, step * 0.7);
  const bars = labels.map((label, index) => {
    const x = side + step * index + (step - bar) / 2;
    const middle = rounded(x + bar / 2);
    let y = top + plotHeight;
    const heights = heightsOf(
      series.map(({ values }) => values[index]!),
      (totals[index]! / highest) * plotHeight,
    );
    const parts = series.map(({ pattern }, part) => {
      const size = heights[part]!;
      y -= size;
      return size === 0
        ? ''
        : `<rect class="${pattern}" x="${rounded(x)}" y="${rounded(y)}" width="${rounded(bar)}" height="${rounded(size)}"/>`;
    });
    return `${parts.join('')}<text x="${middle}" y="${rounded(y - 4)}">${shortNumber(totals[index]!)}</text><text x="${middle}" y="${height - 6}">${escaped(label)}</text>`;
  });
  const description = labels
    .map(
      (label, index) =>
        `${label}: ${series.map(({ label: name, values }) => `${name} ${formatNumber(values[index]!)}`).join(', ')}`,
    )
    .join('; ');
  return `<svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${width} ${height}" xmlns="http://www.w3.org/2000/svg">
<title id="${id}-title">${escaped(title)}</title>
<desc id="${id}-desc">${escaped(description)}</desc>
<path class="axis" d="M${side} ${top + plotHeight}H${width - side}"/>
${bars.join('\n')}
</svg>`;
}

/** What the patterns mean, in the order of the series. */
export const legend = ({ series }: Plot): string =>
  `<ul class="legend">${series
    .map(
      ({ label, pattern }) =>
        `<li><svg width="14" height="14" aria-hidden="true" focusable="false"><rect class="${pattern}" x="1" y="1" width="12" height="12"/></svg> ${escaped(label)}</li>`,
    )
    .join('')}</ul>`;
