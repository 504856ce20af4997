/** Shares as whole percentages. */
import { expect, test } from 'vitest';
import { wholePercent } from '../../src/cli/terminal/progress.ts';

test('each whole percentage is itself, although some are multiplied to a little less', () => {
  for (let percent = 0; percent <= 100; percent++)
    expect(wholePercent(percent / 100)).toBe(`${percent} %`);
  expect(Math.floor(0.29 * 100)).toBe(28);
});

test.each([
  [0.999, '99 %'],
  [0.999_999, '99 %'],
  [0.289_9, '28 %'],
  [999_999_999 / 1_000_000_000, '99 %'],
])('a share of %d is not rounded up', (share, words) => {
  expect(wholePercent(share)).toBe(words);
});
