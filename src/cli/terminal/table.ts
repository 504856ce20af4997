import { stripVTControlCharacters } from 'node:util';
import { facts, paint, put, say } from './print.ts';
import { ellipsis } from './signs.ts';
import { columnsOf, cut, padded, widthOf, wrapped } from './width.ts';

/** Whether lists have room for the longer wording. */
export const isWide = (): boolean => columnsOf(process.stdout) >= 120;

/** The columns of space between two columns of the table. */
const gap = 2;

/** Columns up to this width (words, ids, times) are wrapped only where leaving out other columns does not help. */
const maxRigid = 20;

/** The least width of a wrapped column: as long as leaving out others helps, and in any case. */
const minReadable = 26;
const minWidth = 8;

/** The limit for a cell; its last line says that there is more. */
const maxLines = 3;

const sum = (widths: number[]): number => widths.reduce((total, one) => total + one, 0);

/** Takes from the widest column that is wider than its minimum until all of them fit into `room`, if they can. */
function fit(widths: number[], room: number, minima: number[]): number[] {
  const fitted = [...widths];
  for (let over = sum(fitted) - room; over > 0; over--) {
    const spared = fitted.map((width, column) => (width > minima[column]! ? width : 0));
    const widest = spared.indexOf(Math.max(...spared));
    if (spared[widest] === 0) break;
    fitted[widest]!--;
  }
  return fitted;
}

/**
 * Rows as aligned columns, or `empty` when there are none. Cells must be Roundsman's own words or {@link printable}. On a terminal,
 * the widest columns are wrapped between words until all columns fit; before their text gets too short, the columns named in
 * `dropWhenNarrow` are left out one by one. A cell has three lines at most, unless its column is one of `neverCut`: that is for a
 * text which can be read nowhere else. Where the columns still do not fit, or a time or a word of the first column would be divided,
 * each row is a paragraph with one line for each cell.
 */
export function table(
  head: string[],
  rows: string[][],
  empty: string,
  dropWhenNarrow: readonly string[] = [],
  neverCut: readonly string[] = [],
): void {
  if (rows.length === 0) return say(empty);
  const heads = head.map(widthOf);
  const natural = head.map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[column]!)), heads[column]!),
  );
  const screen = columnsOf(process.stdout);
  const room = (columns: number[]) => screen - gap * (columns.length - 1);
  const widthsOf = (columns: number[]) => columns.map((column) => natural[column]!);
  const omissible = [...dropWhenNarrow];
  let kept = head.map((_, column) => column);
  while (omissible.length > 0 && isCramped(widthsOf(kept), room(kept))) {
    const omitted = omissible.shift()!;
    kept = kept.filter((column) => head[column] !== omitted);
  }
  const atLeast = (width: number) => kept.map((column) => Math.max(width, heads[column]!));
  const wrapping = fit(widthsOf(kept), room(kept), atLeast(maxRigid));
  const widths = fit(wrapping, room(kept), atLeast(minWidth));
  const isNameDivided = rows.some((row) => longestWord(row[kept[0]!]!) > widths[0]!);
  const isTimeDivided = rows.some((row) =>
    kept.some((column, at) => longestTime(row[column]!) > widths[at]!),
  );
  if (isNameDivided || isTimeDivided || sum(widths) > room(kept)) return paragraphs(head, rows);
  const lines = [head.map((word) => paint('bold', word)), ...rows].flatMap((row) =>
    linesOf(
      kept.map((column) => row[column]!),
      widths,
      kept.map((column) => (neverCut.includes(head[column]!) ? Infinity : maxLines)),
    ),
  );
  put(lines.join('\n'));
}

/** The width of the longest word that a column could hold, such as the name by which a row is known; longer ones are cut in any case. */
const longestWord = (cell: string, isMeant = (_word: string): boolean => true): number =>
  stripVTControlCharacters(cell)
    .split(/\s+/)
    .filter(isMeant)
    .map(widthOf)
    .filter((width) => width <= maxRigid)
    .reduce((longest, width) => Math.max(longest, width), 0);

/** The width of the longest date, time or number: where one is cut, as in `2026-11-3`, it is misread. */
const longestTime = (cell: string): number =>
  longestWord(cell, (word) => /^\d[\d:.,TZ+-]*$/.test(word));

/** Whether the widest column would be too short to read. */
function isCramped(natural: number[], room: number): boolean {
  if (sum(natural) <= room) return false;
  const widest = natural.indexOf(Math.max(...natural));
  return (
    fit(
      natural,
      room,
      natural.map(() => maxRigid),
    )[widest]! < Math.min(natural[widest]!, minReadable)
  );
}

/** Each row as lines of a column's name and its cell. */
function paragraphs(head: string[], rows: string[][]): void {
  for (const [index, row] of rows.entries()) {
    if (index > 0) say();
    facts(head.map((word, column) => [word, row[column]]));
  }
}

/** The lines that a row takes on the screen. */
function linesOf(row: string[], widths: number[], maxLinesOf: number[]): string[] {
  const cells = row.map((cell, column) => inLines(cell, widths[column]!, maxLinesOf[column]!));
  const height = Math.max(...cells.map(({ length }) => length));
  const between = ' '.repeat(gap);
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((cell, column) => padded(cell[line] ?? '', widths[column]!))
      .join(between)
      .trimEnd(),
  );
}

/** A cell in lines of this width. Its colour, if it has one, is that of each line. */
function inLines(cell: string, width: number, max: number): string[] {
  if (widthOf(cell) <= width) return [cell];
  const [, begin = '', text = cell, end = ''] = coloured.exec(cell) ?? [];
  const lines = wrapped(text, width).map((line) => cut(line, width));
  const shown = lines.slice(0, max);
  const last = shown.length - 1;
  if (lines.length > max) shown[last] = cut(`${shown[last]!} ${ellipsis()}`, width);
  return shown.map((line) => begin + line + end);
}

// All of a cell in one colour; one with several loses them where it is wrapped.
// oxlint-disable-next-line no-control-regex
const coloured = /^((?:\u001B\[[\d;]*m)+)([^\u001B]*)((?:\u001B\[[\d;]*m)+)$/;
