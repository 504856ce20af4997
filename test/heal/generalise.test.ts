import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generalise, nameFrom } from '../../src/heal/patterns/generalise.ts';
import { BadPatternError, checkPattern, isFound } from '../../src/heal/patterns/pattern.ts';

const matches = (pattern: string, text: string) => isFound(pattern, text, () => false);

describe.each([
  [
    '214 expired sessions of 3 users',
    '\\d[\\d.,]* expired sessions of \\d[\\d.,]* users',
    ['7 expired sessions of 1,200 users'],
    ['expired sessions'],
  ],
  [
    'run 3f2ced9e-b174-47ea-ae4a-6c651223942f is stuck',
    'run [0-9a-f-]+ is stuck',
    ['run 00000000-0000-4000-8000-000000000000 is stuck'],
    ['run one is stuck'],
  ],
  [
    'commit 9fceb02d0ae5 at 0x7FFE is missing',
    'commit [0-9a-f]+ at 0x[0-9a-f]+ is missing',
    ['commit 0123abcdef at 0x1 is missing'],
    ['commit message at 0x1 is missing'],
  ],
  [
    'app "Book store" does not answer',
    'app "[^"]*" does not answer',
    ['app "x" does not answer'],
    ['app x does not answer'],
  ],
  [
    'Balance of user a…@example.com (3f2a1b9c) is negative: -5',
    'Balance of user \\S+ \\([0-9a-f]+\\) is negative: -\\d[\\d.,]*',
    ['Balance of user …@a-b.example.org (deadbeef) is negative: -1,000'],
    ['Balance of user Ann is negative: -5'],
  ],
  [
    'Payment pi_3MtwBwLkdIwHu7ix of 20.00 USD at stripe has been pending for 3 h',
    'Payment \\w+ of \\d[\\d.,]* USD at stripe has been pending for \\d[\\d.,]* h',
    ['Payment cs_live_a1B2c3D4e5 of 1.00 USD at stripe has been pending for 45 h'],
    ['Payment pi-3 of 1.00 USD at stripe has been pending for 45 h'],
  ],
  [
    'capture 8XX12345AB678901C of jo.ann+x@mail.example failed',
    'capture \\w+ of \\S+@[\\w.-]+ failed',
    ['capture I9PH0KK1ABCD2 of b@c.de failed'],
    ['capture of b@c.de failed'],
  ],
  [
    "the job's state is 'lost'",
    "the job's state is '[^']*'",
    ["the job's state is 'held'"],
    ["the cat's state is 'held'"],
  ],
  [
    'GET /v1/users/42/orders/01J9ZK3QW8RT5 answers 500',
    'GET /v1/users/[\\w-]+/orders/[\\w-]+ answers \\d[\\d.,]*',
    ['GET /v1/users/7/orders/x answers 502'],
    ['GET /v2/users/7/orders/x answers 502'],
  ],
  [
    'disk (sda) is 99.5 % full?',
    'disk \\(sda\\) is \\d[\\d.,]* % full\\?',
    ['disk (sda) is 7 % full?'],
    ['disk sda is 7 % full'],
  ],
])('%s', (title, pattern, same, others) => {
  test(`becomes ${pattern}`, () => {
    expect(generalise(title)).toBe(pattern);
    for (const text of [title, ...same])
      expect([text, matches(pattern, text)]).toEqual([text, true]);
    for (const text of others) expect([text, matches(pattern, text)]).toEqual([text, false]);
  });
});

test('where too little would be left to look for, the title stays whole', () => {
  expect(generalise('12 / 345')).toBe('12 / 345');
  expect(() => checkPattern(generalise('7%'))).toThrow(BadPatternError);
});

test('a title of any kind is matched by its own pattern, unless that is refused', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      '/users/42',
      '"a b"',
      "'",
      '0xff',
      'deadbeef12',
      '1.5',
      '(',
      '\\d',
      '[',
      'ſK',
      '-',
      '/',
    ),
    fc.uuid(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), fc.constantFrom('', ' '), (words, gap) => {
      const title = words.join(gap).toWellFormed().replaceAll('\0', '');
      const pattern = generalise(title);
      try {
        checkPattern(pattern);
      } catch (error) {
        expect(error).toBeInstanceOf(BadPatternError);
        return;
      }
      expect(matches(pattern, title)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a long title becomes a pattern that the table accepts', () => {
  const title = '1 a '.repeat(50);
  const pattern = generalise(`sessions ${title}`);
  expect(pattern.length).toBeLessThanOrEqual(512);
  checkPattern(pattern);
  expect(matches(pattern, `sessions ${title}`)).toBe(true);
});

test.each([
  ['214 expired sessions of 3 users', 'expired-sessions-of-users'],
  ['Größe von "x": 7 über dem Maß', 'gro-e-von-uber-dem-ma'],
  ['42', ''],
  ['x'.repeat(200), 'x'.repeat(60)],
])('%s is named %s', (title, name) => expect(nameFrom(title)).toBe(name));
