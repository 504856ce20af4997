/** Texts on a terminal that is redrawn again and again: whole texts, as many as there is room for. */
import { printable } from '../../ground/text.ts';
import { inLines } from '../terminal/in-lines.ts';
import { paint } from '../terminal/print.ts';
import { ellipsis } from '../terminal/signs.ts';

/**
 * The first texts that fit whole into the rows, then a line that says how many more there are; `rest` says where to see those.
 * If even the first text and that line do not fit, the first is shown alone, cut after `rows` lines.
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
  /** for all needs together */
  rows: number;
  /** for the first need and the count of the others, where `rows` are too few for these two */
  maxRows: number;
  columns: number;
}

/**
 * Needs (`what: try`), wrapped: what a person has to do is at the end of each, and nothing of it is cut. The first is shown as a
 * whole even where it takes more than `rows`, as long as it takes no more than `maxRows`.
 */
export function needsInRoom(needs: readonly string[], { rows, maxRows, columns }: Room): string[] {
  const texts = needs.map((need) =>
    inLines(printable(need), '  ', columns).map((line) => paint('yellow', line)),
  );
  const first = (texts[0]?.length ?? 0) + (texts.length > 1 ? 1 : 0);
  return firstTexts(texts, Math.max(rows, Math.min(first, maxRows)), ': npx roundsman status');
}
