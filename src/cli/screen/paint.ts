/** What a terminal has to be sent so that it shows a grid: only what differs from the grid before. */
import { Grid, type Cell, type Style } from './grid.ts';

const escape = '\u001B[';

/** All sequences that set a style. Each begins with 0, so that none adds to the one before. */
const sgr: Record<Style, string> = {
  plain: `${escape}0m`,
  bold: `${escape}0;1m`,
  dim: `${escape}0;2m`,
  bar: `${escape}0;7m`,
  alarm: `${escape}0;1;31m`,
  red: `${escape}0;31m`,
  yellow: `${escape}0;33m`,
  green: `${escape}0;32m`,
  cyan: `${escape}0;36m`,
};

/** To write this many unchanged cells again takes fewer bytes than to move the cursor over them. */
const maxRewritten = 4;

/** Terminals agree how wide these characters are; after any other the cursor is positioned again. */
const agreedWidth =
  /^[\x20-\x7E\u00A1-\u02FF\u0391-\u03C9\u0400-\u0482\u048A-\u052F\u2010-\u2027\u2500-\u259F\u3041-\u3096\u30A1-\u30FA\u3400-\u4DB5\u4E00-\u9FA5\uAC00-\uD7A3\uFF01-\uFF60]$/u;

const same = (one: Cell, other: Cell): boolean =>
  one === other ||
  (one.text === other.text && one.style === other.style && one.width === other.width);

const isBlank = ({ text, style }: Cell): boolean => text === ' ' && style === 'plain';

/**
 * The bytes that turn `before` into `after`; without `before`, or where its size is another one, the whole screen is
 * painted. They contain glyphs of the grid, and sequences of this file alone: set the cursor, set a style, erase to the end of
 * a row, erase the screen, show and hide the cursor. Without `colour` no style is set. The terminal has to be in the plain
 * style, and is so afterwards; it must not wrap at the end of a row.
 */
export function paint(before: Grid | null, after: Grid, { colour }: { colour: boolean }): string {
  const isNew = before === null || before.columns !== after.columns || before.rows !== after.rows;
  const old = isNew ? new Grid(after) : before;
  const brush = new Brush(colour);
  if (isNew) brush.out += `${escape}?25l${escape}2J`;
  for (let row = 0; row < after.rows; row += 1) paintRow(brush, old, after, row);
  brush.setStyle('plain');
  const { cursor } = after;
  if (cursor) {
    brush.moveTo(cursor.row, cursor.column);
    if (isNew || !old.cursor) brush.out += `${escape}?25h`;
  } else if (!isNew && old.cursor) brush.out += `${escape}?25l`;
  return brush.out;
}

function paintRow(brush: Brush, old: Grid, after: Grid, row: number): void {
  let end = after.columns;
  while (end > 0 && isBlank(after.cell(row, end - 1))) end -= 1;
  let isForced = false;
  for (let column = 0; column < after.columns; column += 1) {
    const cell = after.cell(row, column);
    if (!isForced && same(old.cell(row, column), cell)) continue;
    if (column >= end) {
      brush.moveTo(row, column);
      brush.setStyle('plain');
      brush.out += `${escape}K`;
      return;
    }
    isForced = false;
    if (cell.width === 0) continue;
    brush.goTo(row, column, after);
    isForced = !brush.draw(cell, column);
    if (cell.width === 2) column += 1;
  }
}

class Brush {
  out = '';
  #row = -1;
  /** null: it is not known */
  #column: number | null = null;
  #style: Style = 'plain';
  readonly #colour: boolean;

  constructor(colour: boolean) {
    this.#colour = colour;
  }

  setStyle(style: Style): void {
    if (!this.#colour || style === this.#style) return;
    this.out += sgr[style];
    this.#style = style;
  }

  moveTo(row: number, column: number): void {
    if (row === this.#row && column === this.#column) return;
    this.out +=
      row === this.#row ? `${escape}${column + 1}G` : `${escape}${row + 1};${column + 1}H`;
    this.#row = row;
    this.#column = column;
  }

  /** Moves there as {@link moveTo} does, or by drawing the cells between again where that is shorter. */
  goTo(row: number, column: number, grid: Grid): void {
    const from = row === this.#row ? this.#column : null;
    const gap = from === null ? 0 : column - from;
    const between = Array.from({ length: gap > maxRewritten ? 0 : Math.max(0, gap) }, (_, index) =>
      grid.cell(row, from! + index),
    );
    if (between.length === 0 || !between.every((cell) => this.#isCheap(cell)))
      return this.moveTo(row, column);
    this.out += between.map(({ text }) => text).join('');
    this.#column = column;
  }

  #isCheap({ text, style }: Cell): boolean {
    return agreedWidth.test(text) && (!this.#colour || style === this.#style);
  }

  /** Draws the cell. Returns whether terminals agree how wide it is; where not, the next cell has to be drawn again, after the cursor was positioned. */
  draw({ text, width, style }: Cell, column: number): boolean {
    this.setStyle(style);
    const isAgreed = agreedWidth.test(text);
    // Its columns are cleared first: a terminal that draws it narrower would leave the old text beside it.
    if (!isAgreed) this.out += `${' '.repeat(width)}${escape}${column + 1}G`;
    this.out += text;
    this.#column = isAgreed ? column + width : null;
    return isAgreed;
  }
}
