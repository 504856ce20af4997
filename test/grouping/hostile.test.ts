/** Texts that are made to hurt: none makes the miner throw, none costs more than its bound, and a flood becomes one group. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultLimits } from '../../src/grouping/limits.ts';
import { createMiner } from '../../src/grouping/miner.ts';
import { hashOf } from '../../src/grouping/words.ts';
import { groupsOf, Store } from './store.ts';

const mebibyte = 1 << 20;

test.each([
  ['words', (at: number) => `x${'a '.repeat(mebibyte / 2)}${at}`],
  ['one word', (at: number) => 'a'.repeat(mebibyte) + at],
  ['quotes', (at: number) => `"'\``.repeat(mebibyte / 3) + at],
  ['quotes without an end', (at: number) => ' ="a'.repeat(mebibyte / 4) + at],
  ['brackets', (at: number) => '(['.repeat(mebibyte / 2) + at],
  ['bracketed values', (at: number) => '1 (a) '.repeat(mebibyte / 6) + at],
  ['dashes', (at: number) => `${'-'.repeat(mebibyte)}a${at}`],
  ['broken dashes', (at: number) => `${'a--'.repeat(mebibyte / 3)}${at}`],
  ['dots', (at: number) => 'a.'.repeat(mebibyte / 2) + at],
  ['slashes', (at: number) => 'a/'.repeat(mebibyte / 2) + at],
  ['colons', (at: number) => 'g:'.repeat(mebibyte / 2) + at],
  ['URLs', (at: number) => 'a://'.repeat(mebibyte / 4) + at],
  ['months', (at: number) => `${'May '.repeat(mebibyte / 4)}5 ${at}`],
])('1 MiB of %s costs no more than the part that is read, and differs by no more', (_, make) => {
  const miner = new Store().miner();
  const texts = Array.from({ length: 40 }, (_, at) => make(at));
  const began = process.cpuUsage();
  const ids = new Set(texts.map((text) => miner.add('Error', text)));
  const { user, system } = process.cpuUsage(began);
  expect(ids.size).toBe(1);
  // A look at all of it takes some 200 ms each where one character costs a look at the others. 20 ms each is far from both.
  expect((user + system) / 1_000).toBeLessThan(40 * 20);
});

test('any text, of any scope, has a template that can be stored', () => {
  const unit = fc.constantFrom(
    'a',
    '7',
    ' ',
    '"',
    "'",
    '(',
    ')',
    '[',
    ']',
    '=',
    ':',
    '/',
    '\\',
    '.',
    '-',
    '@',
    '<',
    '>',
    '*',
    'v',
    '\0',
    '\ud800',
    '\udc00',
    '字',
    '’',
    '\u00a0',
    'Jul',
  );
  const text = fc.oneof(fc.string({ unit, maxLength: 60 }), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 30 }), (lines) => {
      const store = new Store({ maxMessageLength: 40, maxTokens: 8, maxScopeLength: 10 });
      const miner = store.miner();
      for (const [scope, message] of lines) {
        const id = miner.add(scope, message);
        expect(miner.canonical(miner.add(scope, message))).toBe(miner.canonical(id));
      }
      store.save(miner);
      for (const { scope, tokens, flood } of store.templates.values()) {
        const all = [scope, ...tokens];
        expect(all.every((one) => one.isWellFormed() && !one.includes('\0'))).toBe(true);
        expect(scope.length).toBeLessThanOrEqual(10);
        expect(tokens.length).toBeLessThanOrEqual(8);
        const words = tokens.filter((token) => token !== '<v>' && token !== '<*>');
        expect(words.every((word) => /^[^\s<>*"()]+$/u.test(word))).toBe(true);
        expect(flood).toBe(false);
      }
    }),
    { numRuns: 150 },
  );
});

test('a message that writes a wildcard matches no more than its own words', () => {
  expect(groupsOf(['user <*> left', 'user alice left', 'user <v> left', 'user 7 left'])).toEqual([
    0, 1, 2, 3,
  ]);
});

test('two words with one hash are two messages', () => {
  // A known collision of FNV-1a; another hash needs another pair.
  expect(hashOf('costarring')).toBe(hashOf('liquid'));
  expect(groupsOf(['broker costarring lost its queue', 'broker liquid lost its queue'])).toEqual([
    0, 1,
  ]);
});

test('a flood of messages that all differ becomes one group of its type that says so', () => {
  const store = new Store({ maxTemplatesOfScope: 20 });
  const miner = store.miner();
  const word = (at: number) =>
    String.fromCharCode(97 + (at % 26), 97 + ((at / 26) % 26), 97 + at / 676);
  const known = miner.add('Noisy', 'the one that was there before 1');
  const ids = Array.from({ length: 10_000 }, (_, at) =>
    miner.add('Noisy', `${word(at)} ${word(at * 7)} ${word(at * 31)} ${word(at * 91)}`),
  );
  const quiet = miner.add('Quiet', 'another type has its own room');
  store.save(miner);
  const floods = [...store.templates.values()].filter(({ flood }) => flood);
  expect(floods).toMatchObject([{ scope: 'Noisy', tokens: ['<*>'], mergedInto: null }]);
  expect(ids.filter((id) => id === floods[0]!.id).length).toBeGreaterThan(9_900);
  expect(store.templates.get(quiet)).toMatchObject({ scope: 'Quiet', flood: false });
  expect(miner.add('Noisy', 'the one that was there before 2')).toBe(known);
  expect(store.miner().add('Noisy', 'and one more of these here')).toBe(floods[0]!.id);
});

test('a flood of types becomes one group of all types', () => {
  const store = new Store({ maxTemplates: 100 });
  const miner = store.miner();
  const ids = Array.from({ length: 10_000 }, (_, at) => miner.add(`Type${at}`, 'it broke here'));
  store.save(miner);
  expect(new Set(ids).size).toBe(101);
  expect(store.templates.get(ids.at(-1)!)).toMatchObject({ scope: '', flood: true });
  expect(store.miner().add('Type123456', 'it broke here')).toBe(ids.at(-1));
});

test('10,000 types and messages that all differ stay within the limits of production', () => {
  let lastId = 0;
  const miner = createMiner([], () => String(++lastId));
  const letters = (at: number) =>
    [...String(at)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
  for (let at = 0; at < 60_000; at++)
    miner.add(
      `Type${at % 10_000}`,
      `${letters(at)} ${letters(at * 3)} ${letters(at * 7)} broke it`,
    );
  expect(lastId).toBeLessThanOrEqual(defaultLimits.maxTemplates + 1);
});

test('messages that become one again and again leave no more aliases than the limit', () => {
  const word = (n: number) =>
    [...String(1_000 + n)].map((digit) => 'bcdfghjklm'[Number(digit)]).join('');
  let lastId = 0;
  const miner = createMiner([], () => String((lastId += 1)), {
    maxStoredOfScope: 200,
    maxStored: 500,
  });
  for (let n = 0; n < 20_000; n += 1) {
    const [first, second, third] = [n >> 6, 1_000 + ((n >> 2) & 15), 2_000 + (n & 3)].map(word);
    miner.add(`scope ${n % 5}`, `${first} ${second} ${third} could never be reached`);
  }
  // The flood of each scope, and that of all, beside them.
  expect(lastId).toBeLessThanOrEqual(500 + 6);
});
