/** Patterns in RE2's grammar and texts that they are likely to be found in. */
import fc from 'fast-check';

/** Few characters, so that texts and patterns meet; with those whose case folds in ways of their own. */
const letters = [
  ...'abkKsS',
  'K', // Kelvin sign
  'ſ', // long s
  ...'éÉßẞİıΣςσ',
  'ǅ',
  'Ꭰ',
  'ꭰ',
  '😀',
  '𐐀',
  '𐐨',
  '\ufffd',
  ...'01- _\n',
];

const letter = fc.constantFrom(...letters);
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|-]/g, '\\$&');
const word = fc.string({ unit: letter, minLength: 1, maxLength: 6 });

const atom = fc.oneof(
  { weight: 8, arbitrary: word.map(escaped) },
  { weight: 1, arbitrary: word.map((text) => `\\Q${text}\\E`) },
  {
    weight: 1,
    arbitrary: letter.map((one) => `\\x{${one.codePointAt(0)!.toString(16)}}`),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '.',
      '\\d',
      '\\w',
      '\\S',
      '\\pL',
      '\\PL',
      '\\p{Greek}',
      '[[:alpha:]]',
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.boolean(), fc.array(letter, { minLength: 1, maxLength: 4 }))
      .map(([not, of]) => `[${not ? '^' : ''}${of.map(escaped).join('')}]`),
  },
  { weight: 1, arbitrary: fc.constantFrom('[a-k]', '[K-k]', '[^\\x00-\\x{10FFFF}]', '[0-1]') },
  { weight: 2, arbitrary: fc.constantFrom('^', '$', '\\b', '\\B', '\\A', '\\z', '(?m)^', '(?m)$') },
  { weight: 1, arbitrary: fc.constantFrom('(?-i)', '(?i)', '(?s)', '(?U)', '(?:)') },
);

const repeated = ['*', '+', '?', '*?', '+?', '??', '{2}', '{0}', '{0,2}', '{1,3}', '{2,}', '{1}?'];

export const pattern: fc.Arbitrary<string> = fc.letrec<{ part: string; whole: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: atom },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('(', '(?:', '(?P<x>', '(?i:', '(?-i:', '(?s:'), tie('whole'))
        .map(([open, inner]) => `${open}${inner})`),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(tie('part'), fc.constantFrom(...repeated))
        .map(([inner, times]) => `(?:${inner})${times}`),
    },
  ),
  whole: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((all) => all.join('')),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(
          fc.oneof(
            {
              weight: 6,
              arbitrary: fc
                .array(tie('part'), { minLength: 1, maxLength: 3 })
                .map((all) => all.join('')),
            },
            { weight: 1, arbitrary: fc.constant('') },
          ),
          { minLength: 2, maxLength: 4 },
        )
        .map((branches) => branches.join('|')),
    },
  ),
})).whole;

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: letter, maxLength: 40 }),
  fc.array(word, { maxLength: 12 }).map((words) => words.join('')),
);
