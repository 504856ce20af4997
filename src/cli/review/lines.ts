/** Lines of a review in the width of a screen. */
import { splitIntoRows } from '../screen/glyphs.ts';
import type { Size, Style } from '../screen/grid.ts';
import { widthOf, wrapped } from '../terminal/width.ts';

export interface Line {
  text: string;
  style?: Style;
}

/** Lines that fit the width; what a line begins with stays before each part of it. */
export const inWidth = (lines: readonly string[], grid: Size, style?: Style, inset = 0): Line[] =>
  lines.flatMap((line) => {
    const indent = /^ */.exec(line)![0].slice(0, 20);
    const room = grid.columns - 2 - inset - indent.length;
    const parts = wrapped(line.trimStart(), room).flatMap((part) =>
      widthOf(part) > room ? splitIntoRows(part, room) : [part],
    );
    return parts.map((text) => ({
      text: indent + text,
      ...(style && { style }),
    }));
  });
