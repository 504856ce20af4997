/** The plot of docs/healing.md, as SVG: what had happened after so many faults, in the mean of all seeds. */
import { curvePoints, type Tally } from './measure.ts';

const size = { width: 250, height: 170, left: 44, top: 34, gap: 30 };
const colours = { ours: '#0b7a75', earlier: '#c2410c' };

const mean = (curves: number[][]): number[] =>
  Array.from(
    { length: curvePoints },
    (_, at) => curves.reduce((total, curve) => total + curve[at]!, 0) / curves.length,
  );

/** The next of 1, 2, 5, 10, 20 ... */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value)!;
}

function panel(
  index: number,
  title: string,
  curves: { ours: number[]; earlier: number[] },
  faults: number,
): string {
  const left = size.left + index * (size.width + size.gap + size.left);
  const top = ceiling(Math.max(...curves.ours, ...curves.earlier));
  const x = (at: number) => left + (at / curvePoints) * size.width;
  const y = (value: number) => size.top + size.height * (1 - value / top);
  const line = (values: number[], colour: string) =>
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${[0, ...values]
      .map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`)
      .join(' ')}"/>`;
  const bottom = size.top + size.height;
  return [
    `<text x="${left}" y="${size.top - 12}" font-weight="600">${title}</text>`,
    ...[0, top / 2, top].map(
      (value) =>
        `<line x1="${left}" x2="${left + size.width}" y1="${y(value)}" y2="${y(value)}" stroke="#d4d4d4"/>` +
        `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`,
    ),
    `<text x="${left}" y="${bottom + 18}">0</text>`,
    `<text x="${left + size.width}" y="${bottom + 18}" text-anchor="end">${faults.toLocaleString('en')} faults</text>`,
    line(curves.earlier, colours.earlier),
    line(curves.ours, colours.ours),
  ].join('\n');
}

/** Of each seed both ways. */
export function plot(ours: Tally[], earlier: Tally[], faults: number): string {
  const curvesOf = (what: keyof Tally['curve']) => ({
    ours: mean(ours.map(({ curve }) => curve[what])),
    earlier: mean(earlier.map(({ curve }) => curve[what])),
  });
  const width = 3 * (size.left + size.width + size.gap);
  const height = size.top + size.height + 56;
  const legend = size.top + size.height + 44;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#404040">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    panel(0, 'Heals that held', curvesOf('held'), faults),
    panel(1, 'Wrong heals', curvesOf('wrong'), faults),
    panel(2, 'Tickets', curvesOf('tickets'), faults),
    `<text x="${size.left}" y="${legend}" fill="${colours.ours}">Roundsman</text>`,
    `<text x="${size.left + 90}" y="${legend}" fill="${colours.earlier}">earlier rule: applied above 80 %</text>`,
    '</svg>',
  ].join('\n')}\n`;
}
