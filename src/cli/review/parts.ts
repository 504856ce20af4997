/** The parts of a ticket, each in lines of the screen's width. */
import { printable } from '../../ground/text.ts';
import type { Review } from '../../services/tickets/review.ts';
import type { Size } from '../screen/grid.ts';
import { inWidth, type Line } from './lines.ts';
import { factLines, isLate, sections } from './words.ts';

interface Parts {
  title: Line[];
  about: Line[];
  known: { title: string; lines: Line[] }[];
  all: Line[];
}

/** The parts by ticket: to wrap the lines of a long ticket takes a while, and they stay the same in the same width. */
const partsOfShown = new WeakMap<Review, { columns: number; parts: Parts }>();

export function partsOf(seen: Review, grid: Size): Parts {
  const before = partsOfShown.get(seen);
  if (before?.columns === grid.columns) return before.parts;
  const title = inWidth([printable(seen.ticket.title)], grid, 'bold');
  const about = factLines(seen).flatMap((line) =>
    inWidth([line], grid, isLate(seen) && line.includes('OVERDUE') ? 'alarm' : undefined),
  );
  const known = sections(seen).map(({ title, lines }) => ({
    title,
    // Lines of a section are indented by two columns more than the rest.
    lines: inWidth(lines, grid, undefined, 2),
  }));
  const parts = { title, about, known, all: [...title, ...about, ...known.flatMap(sectionLines)] };
  partsOfShown.set(seen, { columns: grid.columns, parts });
  return parts;
}

const sectionLines = ({ title, lines }: { title: string; lines: Line[] }): Line[] => [
  { text: title, style: 'cyan' },
  ...lines.map((line) => ({ ...line, text: `  ${line.text}` })),
];

/** Each section in a part of the room; one that does not fit says how much of it is not shown. */
export function inRoom(known: { title: string; lines: Line[] }[], room: number): Line[] {
  const shown = known.map(() => 1);
  const sum = () => shown.reduce((total, each) => total + each + 1, 0);
  for (let changed = true; changed && sum() < room;) {
    changed = false;
    for (const [index, { lines }] of known.entries())
      if (shown[index]! < lines.length && sum() < room) {
        shown[index]! += 1;
        changed = true;
      }
  }
  return known.flatMap(({ title, lines }, index) => {
    const rows = shown[index]!;
    if (lines.length <= rows) return sectionLines({ title, lines });
    const hidden = lines.length - rows;
    const head = `${title} (${hidden} more ${hidden === 1 ? 'line' : 'lines'}: down)`;
    return [
      { text: head, style: 'cyan' as const },
      ...sectionLines({ title, lines }).slice(1, rows + 1),
    ];
  });
}
