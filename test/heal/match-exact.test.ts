import fc from 'fast-check';
import { RE2JS } from 're2js';
import { expect, test } from 'vitest';
import { tryPatterns } from '../../src/heal/patterns/try-patterns.ts';
import { foldRune } from '../../src/heal/patterns/case-folding.ts';
import {
  buildIndex,
  type Entry,
  type KnowledgeIndex,
} from '../../src/heal/patterns/knowledge-index.ts';
import { buildLiteralSearch } from '../../src/heal/patterns/literal-search.ts';
import { readPattern } from '../../src/heal/patterns/pattern.ts';
import { pattern, text } from './patterns.ts';

const indexOf = (patterns: string[]): KnowledgeIndex => {
  const building = buildIndex(
    patterns.map((issue_pattern, at) => ({ id: String(at), issue_pattern })),
  );
  for (;;) {
    const { done, value } = building.next();
    if (done) return value;
  }
};

const ids = (entries: readonly Entry[]) =>
  entries.map(({ id }) => Number(id)).toSorted((a, b) => a - b);

// Patterns that are too expensive are left out, because the loop would run them.
const light = pattern.filter((one) => readPattern(one).kind !== 'heavy');

/** Matches without the index: every pattern is compiled and run. */
const asked = (patterns: string[], about: string) =>
  patterns.flatMap((one, at) => {
    try {
      return RE2JS.compile(one, RE2JS.CASE_INSENSITIVE).matcher(about).find() ? [at] : [];
    } catch {
      return [];
    }
  });

test('the index and a loop over all patterns find the same, for any pattern and any text', () => {
  let hits = 0;
  let ruledOut = 0;
  let known = 0;
  fc.assert(
    fc.property(
      fc.array(light, { minLength: 5, maxLength: 20 }),
      fc.array(text, { minLength: 5, maxLength: 10 }),
      (patterns, texts) => {
        const index = indexOf(patterns);
        for (const one of texts) {
          const expected = asked(patterns, one);
          const { matching, untried } = tryPatterns(index, one, () => false);
          expect(ids(untried)).toEqual([]);
          expect(ids(matching), JSON.stringify({ patterns, one })).toEqual(expected);
          hits += expected.length;
          known += patterns.length;
          ruledOut += patterns.length - index.candidates(one).length;
        }
      },
    ),
    { numRuns: 400 },
  );
  // If nothing had matched, or nothing had been ruled out, the comparison would show nothing.
  expect(hits).toBeGreaterThan(1_000);
  expect(ruledOut).toBeGreaterThan(known / 4);
});

test('one pass over a text finds each literal that occurs in it, also one inside another', () => {
  const some = fc.string({ unit: fc.constantFrom(...'abc'), minLength: 1, maxLength: 6 });
  const units = (of: string) => [...of].map((one) => one.charCodeAt(0));
  fc.assert(
    fc.property(
      fc.uniqueArray(some, { maxLength: 12 }),
      fc.string({ unit: fc.constantFrom(...'abc'), maxLength: 15 }),
      (literals, about) => {
        const building = buildLiteralSearch(literals.map(units));
        let step = building.next();
        while (!step.done) step = building.next();
        const found = step.value.occurring(units(about)).map((at) => literals[at]);
        expect(found.toSorted()).toEqual(literals.filter((one) => about.includes(one)).toSorted());
      },
    ),
    { numRuns: 5_000 },
  );
});

test('for every character of Unicode, what re2js matches without regard to case folds to the same text', () => {
  const differing: string[] = [];
  for (let rune = 0x41; rune <= 0x1e943; rune += 1) {
    if (rune >= 0xd800 && rune <= 0xdfff) continue;
    const one = String.fromCodePoint(rune);
    for (const other of new Set([one.toLowerCase(), one.toUpperCase(), 'k', 's'])) {
      if (other === one || [...other].length > 1) continue;
      const same = RE2JS.compile(RE2JS.quote(one), RE2JS.CASE_INSENSITIVE).matcher(other).matches();
      if (same !== (foldRune(rune) === foldRune(other.codePointAt(0)!)))
        differing.push(`${one} ${other}`);
    }
  }
  expect(differing).toEqual([]);
});
