/** Lines drawn over the lines before them, without flicker, on a terminal that was taken. */
import type { RawTerminal } from './raw-terminal.ts';

const escape = '\u001B[';
const codes = {
  /** what comes between these is shown at once, where the terminal knows them */
  begin: `${escape}?2026h${escape}H`,
  end: `${escape}?2026l`,
  /** from the cursor on */
  eraseLine: `${escape}K`,
  eraseScreen: `${escape}J`,
};

export interface Lines {
  /**
   * Shows these lines from the top; none may be wider than the terminal. Lines for which there is no row are left out, and a
   * frame equal to the last one is not written again.
   */
  draw(lines: readonly string[]): void;
  /** Forgets what is shown, as after a resize: what is drawn next is written as a whole. */
  forget(): void;
}

export function linesOn(terminal: RawTerminal): Lines {
  let shown = '';
  return {
    draw(lines) {
      const fitting = lines.slice(0, Math.max(1, terminal.size().rows));
      // Each line is erased before it is written: after a line as wide as the terminal, the cursor stays on its last character, and
      // erasing would remove that.
      const frame = fitting
        .map((line, at) => (at === fitting.length - 1 ? codes.eraseScreen : codes.eraseLine) + line)
        .join('\r\n');
      // While earlier output waits, nothing is drawn: `ready` (raw-terminal.ts) draws the lines of its moment.
      if (frame === shown || terminal.hasUnsentOutput()) return;
      shown = frame;
      terminal.write(codes.begin + (frame || codes.eraseScreen) + codes.end);
    },
    forget: () => void (shown = ''),
  };
}
