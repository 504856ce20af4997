import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { binomialTail, lnGamma, poissonTail } from '../../src/heal/statistics/tail.ts';
import {
  maxJudgingSeconds,
  verdictByEvents,
  type CountedAfter,
  type TallyBefore,
} from '../../src/heal/finding/verdict.ts';

describe('tails', () => {
  test('ln gamma is that of factorials', () => {
    let factorial = 1;
    for (let n = 1; n <= 20; n++) {
      expect(lnGamma(n)).toBeCloseTo(Math.log(factorial), 10);
      factorial *= n;
    }
    expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 10);
  });

  // Summed from the recurrence of the terms, from the left.
  const summed = (most: number, trials: number, share: number) => {
    let term = (1 - share) ** trials;
    let sum = term;
    for (let k = 1; k <= most; k++) {
      term *= ((trials - k + 1) / k) * (share / (1 - share));
      sum += term;
    }
    return sum;
  };

  test('a binomial tail is the sum of its terms', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 200 }),
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        (trials, most, share) => {
          fc.pre(most < trials * share);
          expect(binomialTail(most, trials, share)).toBeCloseTo(summed(most, trials, share), 9);
        },
      ),
    ));

  test('known values, also where the terms are far too small for numbers to be multiplied', () => {
    // R: pbinom(3, 20, 0.4), ppois(2, 7.5)
    expect(binomialTail(3, 20, 0.4)).toBeCloseTo(0.01596116, 7);
    expect(poissonTail(2, 7.5)).toBeCloseTo(0.02025672, 7);
    expect(poissonTail(0, 3)).toBeCloseTo(Math.exp(-3), 12);
    expect(binomialTail(0, 1_000_000, 0.5)).toBe(0);
    expect(binomialTail(100_000, 1_000_000, 0.1001)).toBeGreaterThan(0.3);
    expect(binomialTail(95_000, 1_000_000, 0.1)).toBeLessThan(1e-50);
  });

  test('at the ends: no trial and nothing expected prove nothing, a failure of what was certain proves everything', () => {
    expect(binomialTail(0, 0, 0.5)).toBe(1);
    expect(binomialTail(0, 10, 0)).toBe(1);
    expect(binomialTail(9, 10, 1)).toBe(0);
    expect(poissonTail(0, 0)).toBe(1);
  });
});

describe('verdict', () => {
  const cutoff = new Date('2026-03-01T12:00:00Z');
  const later = new Date('2026-03-01T12:01:00Z');
  const before: TallyBefore = { bad: 63, of: 217, seconds: 3_600, severity: 'critical' };
  const seen = (rest: Partial<CountedAfter> = {}): CountedAfter => ({
    reported: null,
    newestBadAt: null,
    cutoff,
    tally: { bad: 0, of: 0 },
    seconds: 60,
    ...rest,
  });

  test.each<[string, Partial<CountedAfter>, string]>([
    ['nothing was seen', {}, 'unclear'],
    [
      '11 good ones: .234 of them bad is likely enough to miss',
      { tally: { bad: 0, of: 11 } },
      'unclear',
    ],
    ['12 good ones: it is not', { tally: { bad: 0, of: 12 } }, 'clean'],
    [
      '1 bad one of 20',
      { tally: { bad: 1, of: 20 }, reported: 'low', newestBadAt: later },
      'clean',
    ],
    [
      '1 bad one of 12',
      { tally: { bad: 1, of: 12 }, reported: 'low', newestBadAt: later },
      'unclear',
    ],
    [
      '1 of 1,000 is reported, less severely',
      { tally: { bad: 1, of: 1_000 }, reported: 'low', newestBadAt: later },
      'clean',
    ],
    [
      'reported as severely as before, by a new event',
      { tally: { bad: 30, of: 40 }, reported: 'critical', newestBadAt: later },
      'failing',
    ],
    [
      'reported as severely as before, by no new event',
      { tally: { bad: 30, of: 40 }, reported: 'critical', newestBadAt: cutoff },
      'unclear',
    ],
    [
      'what is left of a critical problem and still high',
      { tally: { bad: 3, of: 20 }, reported: 'high', newestBadAt: later },
      'failing',
    ],
    [
      'what is left and medium is neither gone nor back',
      { tally: { bad: 3, of: 200 }, reported: 'medium', newestBadAt: later },
      'unclear',
    ],
  ])('%s', (_, given, verdict) => {
    expect(verdictByEvents(before, seen(given))).toBe(verdict);
  });

  test('worse than before counts as failing too', () => {
    const medium = { ...before, severity: 'medium' as const };
    const given = seen({ reported: 'high', newestBadAt: later, tally: { bad: 9, of: 9 } });
    expect(verdictByEvents(medium, given)).toBe('failing');
  });

  test('where good events leave no trace the old rate has to have promised three', () => {
    const log: TallyBefore = { bad: 60, of: null, seconds: 3_600, severity: 'high' };
    const quiet = (seconds: number) =>
      verdictByEvents(log, seen({ tally: { bad: 0, of: null }, seconds }));
    expect(quiet(179)).toBe('unclear');
    expect(quiet(180)).toBe('clean');
    expect(quiet(-60)).toBe('unclear');
    const one = (seconds: number) =>
      verdictByEvents(log, seen({ tally: { bad: 1, of: null }, seconds, reported: 'low' }));
    expect(one(200)).toBe('unclear');
    expect(one(290)).toBe('clean');
  });

  test('without anything from before it can only fail', () => {
    expect(verdictByEvents(null, seen({ tally: { bad: 0, of: 10_000 } }))).toBe('unclear');
    expect(verdictByEvents(null, seen({ reported: 'low', newestBadAt: later }))).toBe('failing');
  });

  test('more good events never make a clean verdict unclear', () =>
    fc.assert(
      fc.property(fc.nat(50), fc.nat(2_000), fc.nat(2_000), (bad, good, more) => {
        const verdict = (of: number) => verdictByEvents(before, seen({ tally: { bad, of } }));
        if (verdict(bad + good) === 'clean') expect(verdict(bad + good + more)).toBe('clean');
      }),
    ));

  test('it is asked about for a day, or for two windows where those are longer', () => {
    expect(maxJudgingSeconds(3_600)).toBe(86_400);
    expect(maxJudgingSeconds(50_000.5)).toBe(100_001);
  });
});
