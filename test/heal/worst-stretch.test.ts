import { expect, test } from 'vitest';
import { bounds } from '../../src/heal/statistics/betting-bounds.ts';
import { worstStretch } from '../../src/heal/judging/worst-stretch.ts';

/** `+` held, `-` did not; the newest first. */
const outcomes = (text: string, weight = 1) =>
  [...text].map((each) => ({ held: each === '+', weight }));

const upper = (successes: number, trials: number) => bounds({ successes, trials }).upper;

test('there are no outcomes', () => {
  expect(worstStretch([])).toBeNull();
});

test('four failures in a row after a hundred successes are found', () => {
  const stretch = worstStretch(outcomes(`----${'+'.repeat(100)}`));
  expect(stretch).toEqual({ decided: 4, held: 0, upper: upper(0, 4) });
  expect(stretch!.upper).toBeLessThan(0.6);
  expect(worstStretch(outcomes(`---${'+'.repeat(100)}`))!.upper).toBeGreaterThan(0.6);
});

test('it includes a success when there are failures before it', () => {
  expect(worstStretch(outcomes('+------+++++'))).toEqual({
    decided: 7,
    held: 1,
    upper: upper(1, 7),
  });
});

test('it is the one with the lowest bound of all that end with the newest outcome', () => {
  const all = outcomes('-+--+-+-----++-+++');
  const uppers = all.map((_, at) => {
    const some = all.slice(0, at + 1);
    return upper(some.filter(({ held }) => held).length, some.length);
  });
  const worst = worstStretch(all)!;
  expect(worst.upper).toBeCloseTo(Math.min(...uppers), 9);
  expect(uppers[worst.decided - 1]).toBeCloseTo(worst.upper, 9);
});

test('failures of half the weight count half as much', () => {
  expect(worstStretch(outcomes('----', 0.5))!.upper).toBeCloseTo(upper(0, 2), 9);
});
