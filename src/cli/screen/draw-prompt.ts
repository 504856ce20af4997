/** Shows a prompt in a part of the grid, with the cursor where the next character goes. */
import { splitIntoRows, glyphsOf } from './glyphs.ts';
import type { Grid, Style } from './grid.ts';
import type { Prompt } from './prompt.ts';

export interface Area {
  row: number;
  column: number;
  rows: number;
  columns: number;
}

/** Draws the text, its lines split where the area ends; where it has too few rows, the lines around the cursor. */
export function drawPrompt(grid: Grid, area: Area, { text, at }: Prompt, style: Style): void {
  const width = Math.max(2, area.columns - 1);
  const lines = linesOf(text, width);
  const cursor = linesOf(text.slice(0, at), width);
  const [row, column] = [cursor.length - 1, widthOf(cursor.at(-1)!)];
  const first = Math.max(0, Math.min(row - area.rows + 1, lines.length - 1));
  for (const [index, line] of lines.slice(first, first + area.rows).entries())
    grid.write(area.row + index, area.column, line, style, area.columns);
  grid.placeCursor(area.row + row - first, area.column + column);
}

/** How many rows the text takes in an area of this width. */
export const heightOf = ({ text }: Prompt, columns: number): number =>
  linesOf(text, Math.max(2, columns - 1)).length;

const widthOf = (line: string): number =>
  [...glyphsOf(line)].reduce((sum, { width }) => sum + width, 0);

const linesOf = (text: string, width: number): string[] =>
  text.split('\n').flatMap((line) => splitIntoRows(line, width));
