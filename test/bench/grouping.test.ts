/** bench:grouping reads data in loghub's form, scores it as the literature does, and says what is wrong with a directory. */
import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { BrokenCsv, readCsv } from './grouping/csv.ts';
import { score } from './grouping/score.ts';

const minute = 60_000;
const file = fileURLToPath(new URL('./grouping.ts', import.meta.url));
const made: string[] = [];
afterAll(() => Promise.all(made.map((directory) => rm(directory, { recursive: true }))));

async function directoryOf(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'roundsman-sets-'));
  made.push(directory);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}

async function bench(...args: string[]): Promise<string> {
  const env = { ...process.env, BENCH_SIZE: 'small' };
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], { env });
  return stdout;
}

const shop = [
  'LineId,Content,EventId,EventTemplate',
  '1,"Order 7, ""fast"", was paid",E1,"Order <*>, ""<*>"", was paid"',
  '2,"Order 8, ""slow"", was paid",E1,"Order <*>, ""<*>"", was paid"',
  '3,disk is full,E2,disk is full',
].join('\n');

test(
  'it needs no data, and then runs on lines of its own',
  async () => {
    const printed = await bench();
    expect(printed).toContain('| made-service | 300 | 1.0000 | 1.0000 |');
    expect(printed).toMatch(/40 groups found/);
    expect(printed.match(/not judged/g)).toHaveLength(4);
  },
  minute,
);

test(
  '--json gives one row for each set, here or a folder deeper, by the name of its file',
  async () => {
    const directory = await directoryOf({
      'Shop_2k.structured.csv': shop,
      'Other/Other_2k.log_structured.csv': `\ufeff${shop.replaceAll('\n', '\r\n')}\r\n`,
      'Shop_2k.log': 'no set',
    });
    const rows = JSON.parse(await bench(directory, '--json'));
    expect(rows).toMatchObject([
      { dataset: 'Other', accuracy: 1, fga: 1, lines_per_second: expect.any(Number) },
      { dataset: 'Shop', accuracy: 1, fga: 1, lines_per_second: expect.any(Number) },
    ]);
  },
  minute,
);

test.each([
  ['no directory', {}, '/nowhere', /There is no directory .*nowhere: give one that holds files/],
  ['a file', { x: '' }, '/x', /x is no directory: give the one/],
  ['no set', { 'x.csv': shop }, '', /holds no data set: put files \*structured\.csv/],
  [
    'no column',
    { 'a_structured.csv': 'Content,Event\na,b\n' },
    '',
    /no column EventId: give files/,
  ],
  ['no rows', { 'a_structured.csv': 'Content,EventId\n' }, '', /has no rows: give files/],
  ['an empty file', { 'a_structured.csv': '' }, '', /is no CSV: it is empty/],
  [
    'an open quote',
    { 'a_structured.csv': 'Content,EventId\na,E1\n"b,E2\n' },
    '',
    /the quote that opens in line 3 has no end\. Fetch the file again/,
  ],
])(
  '%s is a usage error that says what to try',
  async (_, files, path, message) => {
    const directory = await directoryOf(files as Record<string, string>);
    await expect(bench(`${directory}${path}`)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    });
  },
  minute,
);

test(
  'an option that there is none of, and a second directory, are usage errors',
  async () => {
    const usage = expect.stringContaining('Usage: npm run bench:grouping -- [DIR] [--json]');
    await expect(bench('--jsno')).rejects.toMatchObject({ code: 2, stderr: usage });
    await expect(bench('a', 'b')).rejects.toMatchObject({ code: 2, stderr: usage });
  },
  minute,
);

test('CSV is read as RFC 4180 has it', () => {
  expect(readCsv('a,b\r\n"x, ""y""\nz",\n,"2"')).toEqual([
    { a: 'x, "y"\nz', b: '' },
    { a: '', b: '2' },
  ]);
  expect(() => readCsv('a,b\n1,2,3\n')).toThrow(
    new BrokenCsv('line 2 has 3 fields, and the first line names 2'),
  );
  expect(() => readCsv('a,b\n"x"y,2\n')).toThrow(BrokenCsv);
});

test('a group counts when it holds all lines of a label and no other line', () => {
  expect(score(['1', '1', '2', '3'], ['A', 'A', 'B', 'B'])).toEqual({ accuracy: 0.5, fga: 2 / 5 });
  expect(score(['1', '1', '1'], ['A', 'A', 'B'])).toEqual({ accuracy: 0, fga: 0 });
  expect(score(['9', '8'], ['A', 'B'])).toEqual({ accuracy: 1, fga: 1 });
});
