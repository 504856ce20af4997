/** How sentences are laid out on a terminal. */
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UsageError } from '../../src/ground/errors.ts';
import { facts, printJson, note, printError, prose, say } from '../../src/cli/terminal/print.ts';

const told = { stdout: '', stderr: '' };
const before = { stdout: { ...process.stdout }, stderr: { ...process.stderr } };

beforeEach(() => {
  for (const name of ['stdout', 'stderr'] as const) {
    told[name] = '';
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      told[name] += text;
      return true;
    });
    Object.assign(process[name], { isTTY: true, columns: 30 });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const name of ['stdout', 'stderr'] as const)
    Object.assign(process[name], { isTTY: before[name].isTTY, columns: before[name].columns });
});

const lines = (name: 'stdout' | 'stderr') =>
  stripVTControlCharacters(told[name]).trimEnd().split('\n');
const words = 'one two three four five six seven eight nine ten eleven';

test('a sentence ends its lines between words, behind an indent where it has one', () => {
  say(words);
  say(`- ${words}`, '    ');
  expect(lines('stdout')).toEqual([
    'one two three four five six',
    'seven eight nine ten eleven',
    '- one two three four five six',
    '    seven eight nine ten',
    '    eleven',
  ]);
});

test('facts, prose, notes and errors go on below where their text began', () => {
  facts([
    ['Status', 'open'],
    ['Storm', words],
  ]);
  prose(`{\n  "a": "${words}"\n}`);
  expect(lines('stdout')).toEqual([
    'Status  open',
    'Storm   one two three four',
    '        five six seven eight',
    '        nine ten eleven',
    '  {',
    '    "a": "one two three four',
    '    five six seven eight nine',
    '    ten eleven"',
    '  }',
  ]);
  note(words);
  const why = 'it is longer than a line of this terminal';
  printError(new UsageError({ what: 'refused', why, hint: 'try a shorter one' }), null);
  expect(lines('stderr')).toEqual([
    'one two three four five six',
    'seven eight nine ten eleven',
    'error: refused',
    '  why: it is longer than a',
    '       line of this terminal',
    '  try: try a shorter one',
  ]);
});

test('documents, and what goes into a file, stay as they are', () => {
  printJson({ words });
  expect(JSON.parse(told.stdout)).toEqual({ words });
  expect(lines('stdout')).toHaveLength(3);
  told.stdout = '';
  Object.assign(process.stdout, { isTTY: false });
  say(words.repeat(9));
  facts([['Words', words.repeat(9)]]);
  expect(lines('stdout')).toHaveLength(2);
});

test('a command that has room on a line is not divided, so that it can be copied as a whole', () => {
  // The second one is longer than a line.
  say('Look with `npx roundsman status` and then `npx roundsman tickets show T-1 T-2`.', '  ');
  expect(lines('stdout')).toEqual([
    'Look with',
    '  `npx roundsman status` and',
    '  then `npx roundsman tickets',
    '  show T-1 T-2`.',
  ]);
});
