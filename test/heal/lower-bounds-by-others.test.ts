import { expect, test } from 'vitest';
import { bounds } from '../../src/heal/statistics/betting-bounds.ts';
import type { JudgedComponent } from '../../src/heal/judging/judgements.ts';
import {
  lowerBoundsByOthers,
  maxAddedOutcomes,
} from '../../src/heal/judging/lower-bounds-by-others.ts';

const part = (component: string, heldWeight: number, weight: number) =>
  ({
    component,
    own: null,
    record: { heldWeight, weight, ...bounds({ successes: heldWeight, trials: weight }) },
  }) as unknown as JudgedComponent;

const lowers = (...samples: [number, number][]) =>
  lowerBoundsByOthers(samples.map(([held, trials], at) => part(String(at), held, trials))).map(
    ({ record }) => record.lower,
  );

const lower = (successes: number, trials: number) => bounds({ successes, trials }).lower;

test('seven successes in a row are taken for luck where all other components hold half of the time', () => {
  const [lucky] = lowers([7, 7], [6, 12], [7, 13], [6, 11], [5, 10]);
  expect(lower(7, 7)).toBeGreaterThan(0.6);
  expect(lucky).toBeLessThan(0.6);
  const others = (6 + 7 + 6 + 5) / (12 + 13 + 11 + 10);
  expect(lucky).toBeGreaterThanOrEqual(lower(7 + maxAddedOutcomes * others, 7 + maxAddedOutcomes));
});

test('a component that differs from the others is still judged by its own outcomes', () => {
  const [works] = lowers([7, 7], [0, 9], [0, 9], [0, 9], [0, 9], [0, 9]);
  expect(works).toBeCloseTo(lower(7, 7), 9);
});

test('what happens on other components raises no bound', () => {
  const [first, second] = lowers([3, 5], [50, 50]);
  expect(first).toBe(lower(3, 5));
  expect(second).toBeLessThanOrEqual(lower(50, 50));
});

test('where there are no other components, or they have no outcomes, nothing changes', () => {
  expect(lowers([7, 7])).toEqual([lower(7, 7)]);
  expect(lowers([7, 7], [0, 0])).toEqual([lower(7, 7), 0]);
  expect(lowers([0, 0])).toEqual([0]);
  expect(lowerBoundsByOthers([])).toEqual([]);
});
