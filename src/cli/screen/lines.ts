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
   * Shows these lines from the top; none may be wider than the terminal. Lines that have no room are left out, and what is
   * the same as before is not written again.
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
      // Erased before it is written: behind a line as wide as the terminal, the cursor stays on its last character.
      const frame = fitting
        .map((line, at) => (at === fitting.length - 1 ? codes.eraseScreen : codes.eraseLine) + line)
        .join('\r\n');
      // What waits for a paused terminal is older than what would be drawn now.
      if (frame === shown || terminal.isBehind()) return;
      shown = frame;
      terminal.write(codes.begin + (frame || codes.eraseScreen) + codes.end);
    },
    forget: () => void (shown = ''),
  };
}
