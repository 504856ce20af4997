/** What a plot shows of figures that are far apart, large, or of one period alone. */
import { expect, test } from 'vitest';
import { asHtml } from '../../src/report/html.ts';
import { asSvg, type Plot, type Series } from '../../src/report/plot.ts';
import { style } from '../../src/report/style.ts';
import { sample } from './sample.ts';

const labels = ['11-28', '11-29'];
const series = (pattern: Series['pattern'], ...values: number[]): Series => ({
  label: pattern,
  pattern,
  values,
});
const plotOf = (...parts: Series[]): Plot => ({ id: 'slots', title: 'Slots', series: parts });

interface Part {
  pattern: string;
  y: number;
  height: number;
}

const partsOf = (svg: string): Part[] =>
  [
    ...svg.matchAll(
      /<rect class="(\w+)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g,
    ),
  ].map(([, pattern, y, height]) => ({ pattern: pattern!, y: Number(y), height: Number(height) }));

test('one missing slot among 10,000 is seen, and the highest bar stays below its number', () => {
  const parts = partsOf(
    asSvg(
      plotOf(series('solid', 10_000, 9_992), series('dots', 1, 0), series('empty', 1, 10)),
      labels,
    ),
  );
  expect(parts.map(({ pattern }) => pattern)).toEqual(['solid', 'dots', 'empty', 'solid', 'empty']);
  expect(Math.min(...parts.map(({ height }) => height))).toBeGreaterThanOrEqual(3);
  expect(Math.min(...parts.map(({ y }) => y))).toBeGreaterThanOrEqual(18);
  // They stand on each other, and bars of the same total are of the same height.
  expect(parts[4]!.y).toBeCloseTo(parts[2]!.y, 1);
  expect(parts[1]!.y + parts[1]!.height).toBeCloseTo(parts[0]!.y, 1);
});

test('numbers that would run into each other are shortened above the bars, and whole in the words', () => {
  const svg = asSvg(plotOf(series('solid', 1_234_567, 99_999)), labels);
  expect(svg).toContain('>1.2M</text>');
  expect(svg).toContain('>99999</text>');
  expect(svg).toContain('11-28: solid 1234567; 11-29: solid 99999');
});

test('the text of a plot is 12 pixels high or more, on a screen of 400 and where plots stand beside each other', () => {
  const [, rem] = /minmax\(min\(100%,(\d+)rem\)/.exec(style)!;
  const [, px] = /svg text\{[^}]*font:(\d+)px/.exec(style)!;
  const [, padding] = /^body\{[^}]*padding:(\d+)rem/m.exec(style)!;
  const [, width] = /viewBox="0 0 (\d+) /.exec(asSvg(plotOf(series('solid', 1, 2)), labels))!;
  const narrowest = Math.min(400 - 2 * 16 * Number(padding), 16 * Number(rem));
  expect((Number(px) * narrowest) / Number(width)).toBeGreaterThanOrEqual(12);
});

test('of a first period there is nothing to plot', () => {
  const { periods, ...rest } = sample();
  const html = asHtml({ ...rest, periods: periods.slice(-1), before: null });
  expect(html).toContain(
    'There is no earlier period to compare with yet. Once there is one, plots',
  );
  expect(html).not.toContain('<svg');
});
