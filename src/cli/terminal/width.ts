/** How wide the terminal is. src/ground/width.ts says how wide a text is on it. */
import { cut as cutWith, widthOf } from '../../ground/width.ts';
import { ellipsis } from './signs.ts';

export { padded, widthOf, wrapped } from '../../ground/width.ts';

/** The text without its colours, cut to this width, with a mark that standard output can show. */
export const cut = (text: string, width: number): string => cutWith(text, width, ellipsis());

/** The columns of a terminal; for a file or a pipe nothing is cut or wrapped. */
export const columnsOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY ? stream.columns || 100 : Infinity;

/** Cuts a line that is too wide, which loses its colour then: in a block that is redrawn, no line may wrap. */
export const fitted = (line: string, columns: number): string =>
  widthOf(line) <= columns ? line : cut(line, columns);
