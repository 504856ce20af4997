import { describe, expect, test } from 'vitest';
import { wilson } from '../../src/heal/statistics/wilson.ts';

test.each([
  [6, 6, 0.61],
  [9, 10, 0.596],
  [19, 20, 0.764],
])('%i of %i has the lower bound %f', (successes, trials, lower) => {
  expect(wilson(successes, trials).lower).toBeCloseTo(lower, 3);
});

test.each([0, -1, Number.NaN])('without a trial (%f) nothing is known', (trials) => {
  expect(wilson(0, trials)).toEqual({ lower: 0, upper: 1 });
});

describe('the interval', () => {
  test('of no success and of all successes are mirror images', () => {
    const none = wilson(0, 5);
    const all = wilson(5, 5);
    expect(none).toEqual({ lower: 0, upper: expect.closeTo(0.4345, 4) });
    expect(all.upper).toBe(1);
    expect(1 - all.lower).toBeCloseTo(none.upper, 12);
  });

  test('ends exactly at 0 and at 1 where there is nothing else', () => {
    for (let trials = 0.5; trials < 200; trials += 0.5)
      expect([wilson(0, trials).lower, wilson(trials, trials).upper]).toEqual([0, 1]);
  });

  test('contains the share itself, becomes narrower with more trials, and stays between 0 and 1', () => {
    let width = 1;
    for (const trials of [1, 2, 5, 20, 100, 10_000]) {
      const { lower, upper } = wilson(trials * 0.7, trials);
      expect(lower).toBeGreaterThanOrEqual(0);
      expect(lower).toBeLessThan(0.7);
      expect(upper).toBeGreaterThan(0.7);
      expect(upper).toBeLessThanOrEqual(1);
      expect(upper - lower).toBeLessThan(width);
      width = upper - lower;
    }
  });

  test('takes weights for trials, and lies between those of whole numbers', () => {
    const { lower } = wilson(4.5, 4.5);
    expect(lower).toBeGreaterThan(wilson(4, 4).lower);
    expect(lower).toBeLessThan(wilson(5, 5).lower);
  });

  test('of more successes than trials, which sums of weights may give, is that of all successes', () => {
    expect(wilson(5.000_000_000_001, 5).lower).toBeCloseTo(wilson(5, 5).lower, 9);
  });
});
