/** Rows for other programs: lines with tabs (tsv) or commas (csv) between their cells. */
import { stripVTControlCharacters } from 'node:util';
import { printable } from '../../ground/text.ts';

/** A cell as one line without colours; null becomes an empty cell. */
const plain = (cell: string | null): string =>
  cell === null ? '' : printable(stripVTControlCharacters(cell));

/**
 * The head and the rows, each as one line with a tab between the cells. A tab or a line break within a cell becomes a space, so
 * that no text opens another cell or row.
 */
export const tabSeparated = (head: readonly string[], rows: readonly (string | null)[][]): string =>
  [head, ...rows].map((row) => row.map(plain).join('\t')).join('\n');

/** A number is no formula, even if it begins with one of the signs below. */
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;

/**
 * Signs that make a spreadsheet read a cell as a formula, and their full-width forms: at the beginning, and after a semicolon,
 * at which a spreadsheet of some countries splits a line.
 */
const formulaSigns = /(^|;)(\s*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\u2212\t\r])/gu;

/** Puts an apostrophe before each sign that would begin a formula, so that a spreadsheet reads the cell as text. */
const withoutFormula = (cell: string): string =>
  numberPattern.test(cell) ? cell : cell.replaceAll(formulaSigns, "$1$2'");

const quoted = (cell: string): string =>
  /[",;\r\n]|^\s|\s$/u.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

/** The head and the rows as RFC 4180 writes them; all lines but the last end in CRLF. */
export const commaSeparated = (
  head: readonly string[],
  rows: readonly (string | null)[][],
): string =>
  [head, ...rows]
    .map((row) => row.map((cell) => quoted(withoutFormula(plain(cell)))).join(','))
    .join('\r\n');
