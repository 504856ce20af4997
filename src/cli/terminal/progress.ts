import { paint } from './print.ts';
import { signsOn } from './signs.ts';

const everyMs = 100;
const width = 24;

/**
 * A progress bar on a terminal's standard error, and nothing elsewhere. `total` is the final value of `done`, in any
 * unit; null where it is not known: then only the text is shown.
 */
export function progressOf(total: number | null) {
  const { stderr } = process;
  let drawnAt = 0;
  return {
    draw(done: number, text: string): void {
      if (!stderr.isTTY || performance.now() - drawnAt < everyMs) return;
      drawnAt = performance.now();
      const part = total ? Math.min(1, done / total) : null;
      const { full, left } = signsOn(stderr);
      const drawn = full.repeat(Math.round((part ?? 0) * width)).padEnd(width, left);
      const bar =
        part === null ? '' : `${paint('cyan', drawn, stderr)} ${Math.floor(part * 100)} %  `;
      stderr.write(`\r\u001B[2K${bar}${text}`);
    },
    clear(): void {
      if (drawnAt > 0) stderr.write('\r\u001B[2K');
    },
  };
}
