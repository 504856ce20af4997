/** Lines on a terminal that was taken, as @xterm/headless shows what it is sent. */
import { expect, test } from 'vitest';
import { linesOn } from '../../../src/cli/screen/lines.ts';
import { Terminal } from '../../support/screen.ts';

const size = { columns: 20, rows: 4 };

function openLines() {
  const terminal = new Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true });
  let written: Promise<void> = Promise.resolve();
  let all = '';
  const write = (bytes: string) => {
    all += bytes;
    written = new Promise((resolve) => terminal.write(bytes, resolve));
  };
  // As a terminal that is taken: lines do not wrap.
  write('\u001B[?7l');
  const lines = linesOn({
    size: () => size,
    write,
    hasUnsentOutput: () => false,
    suspend() {},
    leave() {},
  });
  const rows = async () => {
    await written;
    return Array.from({ length: size.rows }, (_, row) =>
      terminal.buffer.active.getLine(row)!.translateToString(true),
    );
  };
  return { lines, rows, bytes: () => all };
}

const wide = '12345678901234567890';

test('a line as wide as the terminal keeps its last character, wherever it stands', async () => {
  const { lines, rows, bytes } = openLines();
  const all = [wide, `\u001B[33m${wide}\u001B[39m`, 'short', wide];
  lines.draw(all);
  expect(await rows()).toEqual([wide, wide, 'short', wide]);
  lines.draw(['a', wide]);
  expect(await rows()).toEqual(['a', wide, '', '']);
  // Most terminals would erase the last character; @xterm/headless, which knows that the row is full, would not.
  // oxlint-disable-next-line no-control-regex
  expect(bytes()).not.toMatch(/[a-z\d](?:\u001B\[\d*m)*\u001B\[[JK]/);
});

test('nothing of what stood there before is left', async () => {
  const { lines, rows } = openLines();
  lines.draw([wide, wide, wide, wide]);
  lines.draw(['a', '', 'b']);
  expect(await rows()).toEqual(['a', '', 'b', '']);
  lines.draw([wide]);
  lines.draw(['']);
  expect(await rows()).toEqual(['', '', '', '']);
});
