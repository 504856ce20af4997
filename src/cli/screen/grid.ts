/**
 * A screen as a grid of cells. A cell holds one glyph and a style of a fixed set, and nothing else fits into one: text
 * that is written here cannot move the cursor, colour, or reach a cell outside of the place that it was given.
 */
import { ellipsis } from '../terminal/signs.ts';
import { glyphsOf, type Glyph } from './glyphs.ts';

export const styles = [
  'plain',
  'bold',
  'dim',
  'bar',
  'alarm',
  'red',
  'yellow',
  'green',
  'cyan',
] as const;
export type Style = (typeof styles)[number];

/** `text` is empty in the second cell of a glyph that is two columns wide. */
export interface Cell {
  readonly text: string;
  readonly width: 0 | 1 | 2;
  readonly style: Style;
}

export interface Size {
  columns: number;
  rows: number;
}

const blank: Cell = { text: ' ', width: 1, style: 'plain' };

/** In UTF-16 units: the part of a text beyond this many for each of its columns is not read. No text of a screen needs more. */
const maxUnitsPerColumn = 32;

export class Grid implements Size {
  readonly columns: number;
  readonly rows: number;
  readonly #cells: Cell[];
  #cursor: { row: number; column: number } | null = null;

  constructor({ columns, rows }: Size) {
    this.columns = columns;
    this.rows = rows;
    this.#cells = Array.from({ length: columns * rows }, () => blank);
  }

  /** Where the person types; null where they do not. */
  get cursor(): { row: number; column: number } | null {
    return this.#cursor;
  }

  cell(row: number, column: number): Cell {
    return this.#cells[row * this.columns + column] ?? blank;
  }

  /** Shows the cursor, within the grid. */
  placeCursor(row: number, column: number): void {
    const within = (index: number, size: number) => Math.max(0, Math.min(index, size - 1));
    this.#cursor = { row: within(row, this.rows), column: within(column, this.columns) };
  }

  /**
   * Writes a line into `room` columns from this place on, at most to the end of the row; where it does not fit, it is cut
   * and ends with an ellipsis. Returns the column after it. Outside of the grid nothing is written.
   */
  write(
    row: number,
    column: number,
    text: string,
    style: Style = 'plain',
    room = this.columns - column,
  ): number {
    const end = Math.min(column + room, this.columns);
    if (row < 0 || row >= this.rows || column < 0 || column >= end) return column;
    let at = column;
    for (const glyph of glyphsOf(text.slice(0, maxUnitsPerColumn * (end - column + 1)))) {
      if (at + glyph.width > end) {
        const mark = [...ellipsis()].slice(0, end - column);
        for (const [index, sign] of mark.entries())
          this.#set(row, end - mark.length + index, { text: sign, width: 1 }, style);
        return end;
      }
      this.#set(row, at, glyph, style);
      at += glyph.width;
    }
    return at;
  }

  /** Gives the rest of a row this style, from a column on. */
  fill(row: number, column: number, style: Style): void {
    for (let at = column; at < this.columns; at += 1)
      if (row >= 0 && row < this.rows) this.#set(row, at, { text: ' ', width: 1 }, style);
  }

  #set(row: number, column: number, { text, width }: Glyph, style: Style): void {
    const at = row * this.columns + column;
    const part = (index: number) => this.#cells[index]!;
    // A wide glyph of which one half is overwritten is removed.
    if (part(at).width === 0) this.#cells[at - 1] = { ...blank, style: part(at - 1).style };
    const last = at + width - 1;
    if (part(last).width === 2) this.#cells[last + 1] = { ...blank, style: part(last).style };
    this.#cells[at] = { text, width, style };
    if (width === 2) this.#cells[at + 1] = { text: '', width: 0, style };
  }

  /** A row as text, without its styles. */
  line(row: number): string {
    return Array.from({ length: this.columns }, (_, column) => this.cell(row, column).text)
      .join('')
      .trimEnd();
  }
}
