/** Draws a soak as SVG: lines over days, each with a pattern of its own and its name at its end, so that no meaning is in colour alone. */
import { escaped } from '../../src/report/markup.ts';
import { bytesOf, totalOf } from './judge.ts';
import type { Day, Soak } from './year.ts';

interface Line {
  name: string;
  values: number[];
}

interface Panel {
  title: string;
  unit: string;
  lines: Line[];
}

const [width, height, gap] = [860, 190, 44];
const [left, right] = [64, 190];
const patterns = ['', '7 3', '2 3', '9 3 2 3', '12 4', '4 4', '1 4'];
/** How many tables get a line of their own. */
const maxTables = 6;
/** Lines with more points than pixels would only make the file larger. */
const maxPoints = 200;

const mega = (values: number[]): number[] => values.map((value) => value / 1e6);

function panelsOf(days: Day[]): Panel[] {
  const sizes = days.at(-1)!.tables.map(({ name }) => ({ name, values: bytesOf(days, name) }));
  const largest = sizes
    .toSorted((a, b) => Math.max(...b.values) - Math.max(...a.values))
    .slice(0, maxTables);
  return [
    {
      title: 'Tables with their indexes',
      unit: 'MB',
      lines: [
        { name: 'all tables', values: mega(totalOf(days)) },
        ...largest.map(({ name, values }) => ({ name, values: mega(values) })),
      ],
    },
    {
      title: 'Dead rows that no vacuum has removed yet, at the end of a day',
      unit: 'rows',
      lines: [
        {
          name: 'all tables',
          values: days.map(({ tables }) => tables.reduce((sum, { dead }) => sum + dead, 0)),
        },
      ],
    },
    {
      title:
        'Memory of the process that claims and carries runs, least and most of the 24 hours of a day',
      unit: 'MB',
      lines: [
        { name: 'resident, most', values: days.map(({ rss }) => rss[1]) },
        { name: 'heap, most', values: days.map(({ heap }) => heap[1]) },
        { name: 'heap, least', values: days.map(({ heap }) => heap[0]) },
      ],
    },
  ];
}

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const at = (value: number): string => String(Math.round(value * 10) / 10);

function drawPanel({ title, unit, lines }: Panel, top: number, days: number): string {
  const highest = Math.max(1, ...lines.flatMap(({ values }) => values));
  const x = (index: number) => left + ((width - left - right) * index) / Math.max(1, days - 1);
  const y = (value: number) => top + height - (height * value) / highest;
  const step = Math.max(1, Math.ceil(days / maxPoints));
  // Names at the ends of lines are moved apart.
  const ends = lines
    .map(({ name, values }, index) => ({ name, index, last: values.at(-1)!, y: y(values.at(-1)!) }))
    .toSorted((a, b) => a.y - b.y);
  for (const [index, end] of ends.entries())
    if (index > 0) end.y = Math.max(end.y, ends[index - 1]!.y + 13);
  return [
    `<text x="${left}" y="${top - 12}" class="title">${escaped(title)}</text>`,
    `<path class="axis" d="M${left} ${top}V${top + height}H${width - right}"/>`,
    ...[0, 0.5, 1].map(
      (part) =>
        `<text x="${left - 6}" y="${at(y(highest * part) + 4)}" class="end">${number.format(highest * part)}${part === 1 ? ` ${unit}` : ''}</text>`,
    ),
    ...lines.map(({ values }, index) => {
      const points = values.flatMap((value, day) =>
        day % step === 0 || day === days - 1 ? [`${at(x(day))} ${at(y(value))}`] : [],
      );
      return `<path class="line" stroke-dasharray="${patterns[index % patterns.length]}" d="M${points.join('L')}"/>`;
    }),
    ...ends.map(
      ({ name, last, y }) =>
        `<text x="${width - right + 6}" y="${at(y + 4)}">${escaped(name)} ${number.format(last)}</text>`,
    ),
    `<text x="${left}" y="${top + height + 15}">day 1</text><text x="${width - right}" y="${top + height + 15}" class="end">day ${days}</text>`,
  ].join('\n');
}

export function drawSoak({ days, schedules }: Soak): string {
  const panels = panelsOf(days);
  const runs = days.reduce((sum, each) => sum + each.runs, 0);
  const what = `${days.length} simulated days, ${runs.toLocaleString('en')} runs, schedules: ${schedules}`;
  const total = panels.length * (height + gap) + 40;
  return `<svg role="img" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" font-family="sans-serif" font-size="11">
<title>${escaped(what)}</title>
<style>.line{fill:none;stroke:#222;stroke-width:1.4}.axis{fill:none;stroke:#888}.end{text-anchor:end}.title{font-size:13px;font-weight:bold}</style>
<rect width="${width}" height="${total}" fill="#fff"/>
<text x="${left}" y="18">${escaped(what)}</text>
${panels.map((panel, index) => drawPanel(panel, 54 + index * (height + gap), days.length)).join('\n')}
</svg>
`;
}
