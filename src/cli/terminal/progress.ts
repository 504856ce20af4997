import { paint } from './print.ts';
import { signsOn } from './signs.ts';
import { columnsOf, fitted } from './width.ts';

const drawIntervalMs = 100;
const width = 24;

/**
 * A share as a whole percentage. What is at 99.9 % is not done, so a share is never rounded up; only the error of the
 * multiplication is, because 0.29 * 100 is 28.999999999999996.
 */
export const wholePercent = (share: number): string =>
  `${Math.floor(Number((share * 100).toPrecision(12)))} %`;

/**
 * A progress bar on a terminal's standard error, and nothing elsewhere. `total` is the final value of `done`, in any
 * unit; null where it is not known: then only the text is shown. A text that does not fit the line is cut, because only one
 * line is drawn anew.
 */
export function progressOf(total: number | null) {
  const { stderr } = process;
  let drawnAt = 0;
  return {
    draw(done: number, text: string): void {
      if (!stderr.isTTY || performance.now() - drawnAt < drawIntervalMs) return;
      drawnAt = performance.now();
      const part = total ? Math.min(1, done / total) : null;
      const { full, left } = signsOn(stderr);
      const drawn = full.repeat(Math.round((part ?? 0) * width)).padEnd(width, left);
      const percent = part === null ? '' : ` ${wholePercent(part)}  `;
      const bar = part === null ? '' : paint('cyan', drawn, stderr);
      const room = columnsOf(stderr) - (part === null ? 0 : width + percent.length) - 1;
      stderr.write(`\r\u001B[2K${bar}${percent}${fitted(text, Math.max(0, room))}`);
    },
    clear(): void {
      if (drawnAt > 0) stderr.write('\r\u001B[2K');
    },
  };
}
