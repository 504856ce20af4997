import { expect, test } from 'vitest';
import { fisher } from '../../src/heal/statistics/fisher.ts';

const of = (successes: number, trials: number) => ({ successes, trials });

// Reference: the tea tasting of the book (17 of 70), and counted out in whole numbers.
test.each([
  [of(3, 4), of(1, 4), 17 / 70],
  [of(4, 4), of(0, 4), 1 / 70],
  [of(8, 10), of(1, 6), 7 / 286],
  [of(12, 12), of(0, 5), 1 / 6188],
  [of(0, 5), of(0, 5), 1],
  [of(0, 12), of(5, 5), 1],
  [of(3, 3), of(0, 0), 1],
  [of(0, 0), of(2, 2), 1],
  [of(50, 50), of(0, 500), 0],
])('%j beside %j', (first, second, tail) => {
  expect(fisher(first, second)).toBeCloseTo(tail, 3);
});
