/** Texts on a terminal that is drawn over again: in whole lines, as far as there is room. */
import { printable } from '../../ground/text.ts';
import { inLines } from '../terminal/in-lines.ts';
import { paint } from '../terminal/print.ts';
import { ellipsis } from '../terminal/signs.ts';

/**
 * The lines of as many texts, from the first on, as have room as a whole, then a line that says how many more texts there are;
 * `rest` says where those are. A first text of several lines that leaves no row for that line is shown alone, cut after `rows`
 * lines.
 */
export function firstTexts(texts: readonly string[][], rows: number, rest = ''): string[] {
  const all = texts.flat();
  if (all.length <= rows) return all;
  if (rows < 1) return [];
  const shown: string[] = [];
  let count = 0;
  for (const lines of texts) {
    if (shown.length + lines.length >= rows) break;
    shown.push(...lines);
    count += 1;
  }
  if (count === 0 && texts[0]!.length > 1) return texts[0]!.slice(0, rows);
  return [...shown, paint('dim', `${ellipsis()} and ${texts.length - count} more${rest}`)];
}

interface Room {
  /** the most lines of all needs together */
  rows: number;
  /** the most lines of the first need and of the count of the others, where `rows` are too few for these */
  most: number;
  columns: number;
}

/**
 * Needs (`what: try`), wrapped: what a person has to do is at the end of each, and nothing of it is cut. The first is shown as a
 * whole even where it takes more than `rows`, as long as it takes no more than `most`.
 */
export function needsInRoom(needs: readonly string[], { rows, most, columns }: Room): string[] {
  const texts = needs.map((need) =>
    inLines(printable(need), '  ', columns).map((line) => paint('yellow', line)),
  );
  const first = (texts[0]?.length ?? 0) + (texts.length > 1 ? 1 : 0);
  return firstTexts(texts, Math.max(rows, Math.min(first, most)), ': npx roundsman status');
}
