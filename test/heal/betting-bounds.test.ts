import { describe, expect, test } from 'vitest';
import { Chance } from '../../src/demo/chance.ts';
import {
  bounds,
  evidenceAbove,
  requiredEvidence,
} from '../../src/heal/statistics/betting-bounds.ts';
import { wilson } from '../../src/heal/statistics/wilson.ts';

const of = (successes: number, trials: number) => ({ successes, trials });

test.each([
  [6, 6, 0.564, 1],
  [7, 7, 0.611, 1],
  [9, 10, 0.493, 1],
  [13, 14, 0.607, 1],
  [19, 20, 0.708, 1],
  [0, 5, 0, 0.496],
  [0, 9, 0, 0.319],
  [70, 100, 0.535, 0.842],
])('%i of %i has the bounds %f and %f', (successes, trials, lower, upper) => {
  const found = bounds(of(successes, trials));
  expect(found.lower).toBeCloseTo(lower, 3);
  expect(found.upper).toBeCloseTo(upper, 3);
});

test('without a trial nothing is known', () => {
  expect(bounds(of(0, 0))).toEqual({ lower: 0, upper: 1 });
});

test('the bounds of successes are those of failures, mirrored', () => {
  for (const [successes, trials] of [
    [3, 11],
    [0, 4],
    [5, 5],
    [0.75, 2.5],
  ] as const) {
    const { lower, upper } = bounds(of(successes, trials));
    const mirrored = bounds(of(trials - successes, trials));
    expect(mirrored.lower).toBeCloseTo(1 - upper, 6);
    expect(mirrored.upper).toBeCloseTo(1 - lower, 6);
  }
});

test('seven successes in a row within nine days are enough for .60', () => {
  const weights = Array.from({ length: 7 }, (_, at) => 0.5 ** ((9 * at) / 6 / 90));
  const weight = weights.reduce((sum, each) => sum + each, 0);
  expect(bounds(of(weight, weight)).lower).toBeGreaterThan(0.6);
});

test('weights give bounds between those of whole numbers, and rounding errors in sums change nothing', () => {
  const { lower } = bounds(of(7.5, 7.5));
  expect(lower).toBeGreaterThan(bounds(of(7, 7)).lower);
  expect(lower).toBeLessThan(bounds(of(8, 8)).lower);
  for (const hair of [1e-12, -1e-12])
    expect(bounds(of(7, 7 + hair)).lower).toBeCloseTo(bounds(of(7, 7)).lower, 6);
});

test('the number of outcomes that an entry can have is not too large', () => {
  for (const trials of [10_000, 1_000_000]) {
    const { lower, upper } = bounds(of(0.9 * trials, trials));
    expect(lower).toBeGreaterThan(0.85);
    expect(lower).toBeLessThan(0.9);
    expect(upper).toBeGreaterThan(0.9);
    expect(upper).toBeLessThan(0.95);
  }
});

/** The share of histories in which the bound was ever above the true share, read after each of 300 trials. */
function everAbove(share: number, lowerOf: (successes: number, trials: number) => number): number {
  const histories = 1_000;
  const known = new Map<number, number>();
  const chance = new Chance(12);
  let wrong = 0;
  for (let history = 0; history < histories; history++) {
    let successes = 0;
    for (let trials = 1; trials <= 300; trials++) {
      if (chance.next() < share) successes += 1;
      const key = successes * 1_000 + trials;
      let lower = known.get(key);
      if (lower === undefined) known.set(key, (lower = lowerOf(successes, trials)));
      if (lower <= share) continue;
      wrong += 1;
      break;
    }
  }
  return wrong / histories;
}

describe('the lower bound, looked at after every trial,', () => {
  test.each([0.1, 0.34, 0.6, 0.7, 0.95])(
    'is above a true share of %f in 5 % of histories at most',
    (share) => {
      expect(everAbove(share, (s, n) => bounds(of(s, n)).lower)).toBeLessThanOrEqual(0.05);
    },
  );

  test('would be wrong more often if it were made for a single look', () => {
    expect(everAbove(0.6, (s, n) => wilson(s, n).lower)).toBeGreaterThan(0.15);
  });
});

describe('that one share is above another', () => {
  test('is sure when every value between them is refuted', () => {
    expect(evidenceAbove(of(20, 20), of(1, 12))).toBeGreaterThan(requiredEvidence);
    expect(evidenceAbove(of(25, 25), of(42, 60))).toBeGreaterThan(requiredEvidence);
    expect(evidenceAbove(of(15, 15), of(42, 60))).toBeLessThan(requiredEvidence);
  });

  test('is denied where the order is reversed, or where nothing is known', () => {
    expect(evidenceAbove(of(1, 12), of(20, 20))).toBeLessThan(0);
    expect(evidenceAbove(of(7, 10), of(7, 10))).toBeLessThan(0);
    expect(evidenceAbove(of(0, 0), of(0, 20))).toBeLessThan(0.001);
    expect(evidenceAbove(of(20, 20), of(0, 0))).toBeLessThan(0.001);
  });

  test('is said of equal shares in at most 5 % of histories, however often they are compared', () => {
    const chance = new Chance(4);
    const histories = 300;
    let wrong = 0;
    for (let history = 0; history < histories; history++) {
      const [first, second] = [of(0, 0), of(0, 0)];
      for (let trial = 0; trial < 200; trial++) {
        const sample = trial % 3 === 0 ? first : second;
        sample.trials += 1;
        if (chance.next() < 0.7) sample.successes += 1;
        if (evidenceAbove(first, second) < requiredEvidence) continue;
        wrong += 1;
        break;
      }
    }
    expect(wrong / histories).toBeLessThanOrEqual(0.05);
  });
});
