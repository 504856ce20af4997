import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Grid, styles } from '../../../src/cli/screen/grid.ts';
import { paint } from '../../../src/cli/screen/paint.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { Terminal } from '../../support/screen.ts';

/** All that a terminal may be sent beside glyphs. */
const sequence =
  // oxlint-disable-next-line no-control-regex
  /\u001B\[(?:\d{1,3};\d{1,3}H|\d{1,3}G|K|2J|\?25[hl]|0m|0;1m|0;2m|0;7m|0;1;31m|0;3[1236]m)/g;
const raw = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Cs}]/u;

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(...hostileTexts),
  fc
    .array(fc.constantFrom(...hostileTexts.join(''), '\u001B[', '漢', 'a'), { maxLength: 40 })
    .map((all) => all.join('')),
);

const written = fc.record({
  text,
  row: fc.integer({ min: -1, max: 6 }),
  column: fc.integer({ min: -1, max: 31 }),
  room: fc.integer({ min: 0, max: 40 }),
  style: fc.constantFrom(...styles),
});

const size = { columns: 30, rows: 6 };

function gridOf(
  all: {
    text: string;
    row: number;
    column: number;
    room: number;
    style: (typeof styles)[number];
  }[],
): Grid {
  const grid = new Grid(size);
  for (const { text, row, column, room, style } of all) grid.write(row, column, text, style, room);
  return grid;
}

test('whatever text is written, a terminal is sent glyphs and the sequences of a fixed set alone', () => {
  fc.assert(
    fc.property(
      fc.array(written, { maxLength: 5 }),
      fc.array(written, { maxLength: 5 }),
      fc.boolean(),
      (one, other, colour) => {
        const [before, after] = [gridOf(one), gridOf(other)];
        for (const bytes of [paint(null, before, { colour }), paint(before, after, { colour })]) {
          expect(bytes.replaceAll(sequence, '')).not.toMatch(raw);
          // oxlint-disable-next-line no-control-regex
          if (!colour) expect(bytes).not.toMatch(/\u001B\[[\d;]*m/);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('a cell holds a glyph of one or two columns with few marks, and a row as many columns as there are', () => {
  fc.assert(
    fc.property(fc.array(written, { maxLength: 5 }), (all) => {
      const grid = gridOf(all);
      for (let row = 0; row < grid.rows; row += 1) {
        let columns = 0;
        for (let column = 0; column < grid.columns; column += 1) {
          const { text, width } = grid.cell(row, column);
          columns += width;
          expect([...text].length).toBeLessThanOrEqual(4);
          expect(text === '').toBe(width === 0);
          if (width === 0) expect(grid.cell(row, column - 1).width).toBe(2);
          if (width === 2) expect(grid.cell(row, column + 1).width).toBe(0);
        }
        expect(columns).toBe(grid.columns);
      }
    }),
    { numRuns: 300 },
  );
});

/** Widths are those of an old terminal, which knows no emoji: where it differs, only the cell itself may. */
async function screenOf(bytes: string): Promise<string[]> {
  const terminal = new Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(`\u001B[?7l${bytes}`, resolve));
  const { active } = terminal.buffer;
  expect(active.baseY).toBe(0);
  return Array.from({ length: size.rows }, (_, row) =>
    active.getLine(row)!.translateToString(false),
  );
}

test('text in a box reaches no cell beside it, and a screen that was painted in steps is as one that is painted at once', async () => {
  const frame = (text: string) => {
    const grid = new Grid(size);
    for (let row = 0; row < size.rows; row += 1) grid.write(row, 0, '#'.repeat(size.columns));
    for (let row = 1; row < 5; row += 1) {
      grid.write(row, 5, ' '.repeat(20));
      grid.write(row, 5, text, 'plain', 20);
    }
    return grid;
  };
  await fc.assert(
    fc.asyncProperty(text, text, async (one, other) => {
      const [before, after] = [frame(one), frame(other)];
      const first = paint(null, before, { colour: true });
      const steps = await screenOf(first + paint(before, after, { colour: true }));
      for (const [row, line] of steps.entries())
        if (row === 0 || row === 5) expect(line).toBe('#'.repeat(size.columns));
        else expect(line).toMatch(/^#####.*#####$/u);
      expect(steps).toEqual(await screenOf(paint(null, after, { colour: true })));
    }),
    { numRuns: 300 },
  );
});

test('only what differs is sent', () => {
  const grid = (last: string) => {
    const made = new Grid({ columns: 80, rows: 24 });
    for (let row = 0; row < 24; row += 1) made.write(row, 0, 'x'.repeat(79));
    made.write(23, 3, last);
    return made;
  };
  expect(paint(grid('a'), grid('a'), { colour: true })).toBe('');
  expect(paint(grid('a'), grid('b'), { colour: true })).toBe('\u001B[24;4Hb');
});

test('marks, joined emoji and syllables are shown as far as terminals agree on them', () => {
  const line = (text: string) => {
    const grid = new Grid({ columns: 20, rows: 1 });
    grid.write(0, 0, text);
    return grid.line(0);
  };
  expect(line('cafe\u0301')).toBe('café');
  expect(line('👨‍👩‍👧 x')).toBe('👨 x');
  expect(line('क्ष')).toBe('क्ष');
  expect(line('a\u200Db')).toBe('a\uFFFDb');
  expect(line('a\nb\tc')).toBe('a b c');
  expect(line('漢'.repeat(20))).toBe(`${'漢'.repeat(9)} …`);
});
