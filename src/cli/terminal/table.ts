import Table from 'cli-table3';
import { paint, say } from './print.ts';

/** The terminal's width; for a file or a pipe nothing is cut. */
const width = (): number => (process.stdout.isTTY ? process.stdout.columns || 100 : Infinity);

/** Whether lists have room for the longer wording. */
export const isWide = (): boolean => width() >= 120;

/**
 * The least width of a cut column; and the least width of a list's text, as long as other columns can be left out
 * instead.
 */
const narrowest = 8;
const readable = 40;
const sum = (widths: number[]): number => widths.reduce((total, one) => total + one, 0);

/** Narrows the widest column until all of them fit. */
function fit(widths: number[], room: number): number[] {
  const fitted = [...widths];
  for (let over = sum(fitted) - room; over > 0; over--) {
    const widest = fitted.indexOf(Math.max(...fitted));
    if (fitted[widest]! <= narrowest) break;
    fitted[widest]!--;
  }
  return fitted;
}

/**
 * Rows as aligned columns, or `empty` when there are none. Cells must be Roundsman's own words or {@link printable}. On
 * a terminal, columns that do not fit are cut, the widest first; before that column gets too short, the columns named
 * in `spare` are left out one by one.
 */
export function table(
  head: string[],
  rows: string[][],
  empty: string,
  spare: readonly string[] = [],
): void {
  if (rows.length === 0) return say(empty);
  const all = draw(head, rows, []);
  // The last column needs no gap after it.
  const room = width() + gap;
  const given = all.widths;
  const waiting = [...spare];
  let kept = head.map((_, column) => column);
  const natural = () => kept.map((column) => given[column]!);
  while (waiting.length > 0 && isCramped(natural(), room)) {
    const left = waiting.shift()!;
    kept = kept.filter((column) => head[column] !== left);
  }
  const pick = (row: string[]) => kept.map((column) => row[column]!);
  const text =
    sum(given) <= room ? all.text : draw(pick(head), rows.map(pick), fit(natural(), room)).text;
  for (const line of text.split('\n')) say(line.trimEnd());
}

function isCramped(natural: number[], room: number): boolean {
  const widest = Math.max(...natural);
  return (
    sum(natural) > room && fit(natural, room)[natural.indexOf(widest)]! < Math.min(widest, readable)
  );
}

/** The text, and the width of each column with its gap. */
function draw(head: string[], rows: string[][], colWidths: number[]) {
  const made = new Table({
    head: head.map((word) => paint('bold', word)),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap, compact: true },
    chars: Object.fromEntries(borders.map((name) => [name, ''])) as never,
    colWidths,
  });
  made.push(...rows);
  return { text: made.toString(), widths: made.options.colWidths as number[] };
}
const gap = 2;
const borders = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
];
