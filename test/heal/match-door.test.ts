import { expect, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { BadPatternError, checkPattern } from '../../src/heal/patterns/pattern.ts';

const refused = (pattern: string): BadPatternError => {
  try {
    checkPattern(pattern);
  } catch (error) {
    if (error instanceof BadPatternError) return error;
    throw error;
  }
  throw new Error(`${pattern.slice(0, 80)} was let in`);
};

test('every pattern of the catalogue is accepted', () => {
  const seeds = bots.flatMap((bot) => bot.knowledge ?? []);
  expect(seeds.length).toBeGreaterThan(0);
  for (const { name, pattern } of seeds) expect(() => checkPattern(pattern), name).not.toThrow();
});

test.each([
  ['a word', 'disk'],
  ['alternatives that each have one', 'disk .*full|no space left'],
  ['alternatives that re2js writes as one text and a class', 'cat|car'],
  ['short parts that multiply to three characters', '(?:a|b)(?:c|d)[ef]'],
  ['a part that repeats at least once', '(?:foo)+'],
  ['an end that may be missing', 'err(?:or)?'],
  ['characters beyond the BMP', '😀😀😀'],
  ['512 characters', 'x'.repeat(512)],
  ['a count', '[0-9a-f]{32} of user'],
  ['the number of a character, which is no count', '\\x{10400}\\x{10401}\\x{10402}'],
])('the door lets in: %s', (_, pattern) => {
  expect(() => checkPattern(pattern)).not.toThrow();
});

test.each([
  ['disk (full', 'missing closing )', null],
  ['disk) full', 'unexpected )', null],
  ['disk [full', 'missing closing ]', 6],
  ['disk(?=full)', 'invalid or unsupported Perl syntax', 5],
  ['(disk)\\1', 'invalid escape sequence', 7],
  ['disk+**', 'invalid nested repetition operator', 5],
  ['x'.repeat(513), 'it has 513 characters; the limit is 512', 513],
])(
  'what is wrong with %.20s is said, with its place and what to try',
  (pattern, rule, position) => {
    const error = refused(pattern);
    expect(error.why).toContain(`issue_pattern: ${rule}`);
    expect(error.position).toBe(position);
    expect(error.hint).not.toBe('');
    expect(error.exitCode).toBe(2);
  },
);

test.each([
  'di',
  '\\d+',
  '.*',
  'disk|io',
  '(?:disk)?',
  '(?:disk)*',
  '(?:disk){0,3}',
  '😀😀',
  '',
  '|disk',
])('%s is refused: it can match without a word of three characters', (pattern) => {
  expect(refused(pattern).why).toContain('no text of at least 3 characters');
});

test.each([
  ['disk' + 'a{0,1000}'.repeat(56), 'counts'],
  ['disk(?:a?b?c?d?){600}', 'instructions'],
  ['disk[' + 'B-😀'.repeat(100) + ']', 'beyond ASCII'],
  ['disk' + '\\pL'.repeat(160), 'classes'],
  ['disk\\\\x{1000}{2}', 'counts'],
])('%.20s is refused before it costs anything', (pattern, rule) => {
  const used = process.cpuUsage();
  expect(refused(pattern).why).toContain(rule);
  const { user, system } = process.cpuUsage(used);
  expect((user + system) / 1_000).toBeLessThan(100);
});
