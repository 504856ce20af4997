/** Cells for other programs: no text makes a cell, a row or a formula of its own. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commaSeparated, tabSeparated } from '../../src/cli/listing/separated.ts';

/** RFC 4180, read as a spreadsheet reads it. */
function cellsOf(csv: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < csv.length; at += 1) {
    const sign = csv[at]!;
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (csv[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (sign === '"' && cell === '') quoted = true;
    else if (sign === ',') {
      rows.at(-1)!.push(cell);
      cell = '';
    } else if (sign === '\r' && csv[at + 1] === '\n') {
      rows.at(-1)!.push(cell);
      cell = '';
      rows.push([]);
      at += 1;
    } else cell += sign;
  }
  rows.at(-1)!.push(cell);
  return rows;
}

const formulas = ['=', '+', '-', '@', '\uFF1D', '\uFF0B', '\uFF0D', '\uFF20', '\u2212'];

test.each(formulas)('a cell that begins with %s is a text', (sign) => {
  for (const before of ['', ' ', '\t', '\r', '\n', '\u00A0', '\u3000', '\uFEFF']) {
    const [, [cell]] = cellsOf(commaSeparated(['a'], [[`${before}${sign}cmd|' /C calc'!A0`]])) as [
      unknown,
      [string],
    ];
    expect(cell.trimStart()[0], JSON.stringify(before)).toMatch(/['\uFFFD]/);
  }
});

test('nor is one that a spreadsheet parts at a semicolon', () => {
  const [, [cell]] = cellsOf(commaSeparated(['a'], [['x; =1+1;@b']])) as [unknown, [string]];
  expect(cell).toBe("x; '=1+1;'@b");
});

test.each(['-5', '+.301', '12', '.5', '-0.5'])('the number %s stays', (number) =>
  expect(cellsOf(commaSeparated(['a'], [[number]]))[1]).toEqual([number]),
);

test('what has commas, quotes or nothing in it is one cell, as RFC 4180 has it', () => {
  expect(commaSeparated(['a', 'b'], [['x, "y"', null]])).toBe('a,b\r\n"x, ""y""",');
});

const hostile = fc.string({ unit: 'binary' });
const colours = fc.constantFrom('\u001B[31m', '\u001B]0;x\u0007', '\t', '\r\n', '\u2028', '"', ',');
const text = fc.array(fc.oneof(hostile, colours), { maxLength: 6 }).map((all) => all.join(''));

test('as many cells and rows come out as went in, whatever is in them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, text, fc.option(text)), { minLength: 1, maxLength: 4 }),
      (rows) => {
        const head = ['a', 'b', 'c'];
        const tsv = tabSeparated(head, rows).split('\n');
        expect(tsv).toHaveLength(rows.length + 1);
        for (const line of tsv) expect(line.split('\t')).toHaveLength(3);
        const csv = cellsOf(commaSeparated(head, rows));
        expect(csv.map((row) => row.length)).toEqual(Array(rows.length + 1).fill(3));
        for (const cell of [...tsv, ...csv.flat()])
          expect(cell).not.toMatch(/(?!\t)[\p{Cc}\p{Zl}\p{Zp}]/u);
        for (const cell of csv.flat())
          if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(cell))
            expect(cell).not.toMatch(/(^|;)\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\u2212]/u);
      },
    ),
  );
});
