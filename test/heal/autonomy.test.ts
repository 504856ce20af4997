import { describe, expect, test } from 'vitest';
import type { Risk } from '../../src/bot.ts';
import type { Autonomy } from '../../src/ground/autonomy.ts';
import { changeOf, type Agreement } from '../../src/heal/judging/autonomy.ts';
import { bounds } from '../../src/heal/statistics/betting-bounds.ts';
import type { TrackRecord, Untouched } from '../../src/heal/judging/figures.ts';

const record = (rest: Partial<TrackRecord> = {}): TrackRecord => ({
  decided: 0,
  held: 0,
  relapsed: 0,
  failed: 0,
  weight: 0,
  heldWeight: 0,
  lower: 0,
  upper: 1,
  recent: null,
  newestHeld: true,
  relapsedTwice: false,
  lastRelapse: null,
  ...rest,
});

/** Of so many outcomes, all of today. */
const outcomes = (held: number, decided: number): Partial<TrackRecord> => ({
  decided,
  held,
  failed: decided - held,
  weight: decided,
  heldWeight: held,
  ...bounds({ successes: held, trials: decided }),
});

const untouched = (recovered: number, persisted: number): Untouched => ({
  recovered,
  persisted,
  rate: recovered + persisted > 0 ? recovered / (recovered + persisted) : null,
  upper: bounds({ successes: recovered, trials: recovered + persisted }).upper,
});
const none = untouched(0, 0);
const five = untouched(0, 5);
const neverAsked = { agreed: 0, differed: 0 };

const judge = (
  autonomy: Autonomy,
  risk: Risk,
  known: Partial<TrackRecord>,
  alone: Untouched = none,
  agreement: Agreement = neverAsked,
  ofWhole = true,
) => changeOf(autonomy, risk, { ofWhole, record: record(known), untouched: alone, agreement });

const becomes = (
  autonomy: Autonomy,
  ...rest: Parameters<typeof judge> extends [Autonomy, ...infer R] ? R : never
) => judge(autonomy, ...rest)?.autonomy ?? autonomy;

describe('shadow', () => {
  test.each([
    [3, 0, 'suggest'],
    [30, 0, 'suggest'],
    [2, 0, 'shadow'],
    [3, 1, 'shadow'],
    [30, 1, 'shadow'],
    [0, 0, 'shadow'],
  ] as const)(
    'that people agreed with %i times and %i not becomes %s',
    (agreed, differed, then) => {
      expect(becomes('shadow', 'safe', {}, none, { agreed, differed })).toBe(then);
    },
  );

  test('leads only to suggest, whatever the figures', () => {
    const perfect = outcomes(100, 100);
    expect(becomes('shadow', 'safe', perfect, five, { agreed: 2, differed: 0 })).toBe('shadow');
    expect(becomes('shadow', 'safe', perfect, five, { agreed: 3, differed: 0 })).toBe('suggest');
  });
});

describe('suggest', () => {
  test.each<Risk>(['safe', 'reversible'])('becomes auto at a lower bound of .60 (%s)', (risk) => {
    const known = outcomes(20, 20);
    expect(becomes('suggest', risk, { ...known, lower: 0.6 }, five)).toBe('auto');
    expect(becomes('suggest', risk, { ...known, lower: 0.599_999 }, five)).toBe('suggest');
  });

  test.each([
    [6, 6, 'suggest'],
    [7, 7, 'auto'],
    [12, 13, 'suggest'],
    [13, 14, 'auto'],
    [16, 18, 'suggest'],
    [17, 19, 'auto'],
  ] as const)('that held %i of %i is %s', (held, decided, then) => {
    expect(becomes('suggest', 'reversible', outcomes(held, decided), untouched(0, 10))).toBe(then);
  });

  test('stays where fewer than five findings were left untouched: there is nothing to compare it with', () => {
    expect(becomes('suggest', 'reversible', outcomes(40, 40), untouched(0, 4))).toBe('suggest');
    expect(becomes('suggest', 'reversible', outcomes(40, 40), untouched(0, 5))).toBe('auto');
  });

  test('stays unless it is surely better than leaving findings untouched', () => {
    const known = outcomes(20, 20);
    expect(becomes('suggest', 'reversible', known, untouched(42, 18))).toBe('suggest');
    expect(becomes('suggest', 'reversible', outcomes(25, 25), untouched(42, 18))).toBe('auto');
    expect(becomes('suggest', 'reversible', outcomes(90, 100), untouched(90, 10))).toBe('suggest');
  });

  test('stays while its newest outcome is a failure, however good it was before', () => {
    const known = outcomes(40, 42);
    expect(becomes('suggest', 'reversible', { ...known, newestHeld: false }, five)).toBe('suggest');
    expect(becomes('suggest', 'reversible', known, five)).toBe('auto');
  });

  test('stays for ever where the effect cannot be undone', () => {
    expect(becomes('suggest', 'irreversible', outcomes(1_000, 1_000), five)).toBe('suggest');
  });

  test.each<Risk>(['safe', 'reversible', 'irreversible'])(
    'becomes shadow where surely less than one in three holds (%s)',
    (risk) => {
      expect(becomes('suggest', risk, { upper: 0.3333 }, five)).toBe('shadow');
      expect(becomes('suggest', risk, { upper: 0.3334 }, five)).toBe('suggest');
    },
  );

  test.each([
    [0, 8, 'suggest'],
    [0, 9, 'shadow'],
    [1, 17, 'suggest'],
    [1, 18, 'shadow'],
    [3, 28, 'suggest'],
    [3, 29, 'shadow'],
  ] as const)('that held %i of %i becomes %s', (held, decided, then) => {
    expect(becomes('suggest', 'reversible', outcomes(held, decided))).toBe(then);
    expect(becomes('suggest', 'reversible', outcomes(held, decided), untouched(0, 40))).toBe(then);
  });

  test('stays suggested where it holds half of the time, however much recovers untouched', () => {
    expect(becomes('suggest', 'reversible', outcomes(50, 100), untouched(90, 10))).toBe('suggest');
  });
});

describe('auto, of what can be undone', () => {
  const recent = (upper: number) => ({ recent: { decided: 7, held: 2, upper } });

  test('is lowered by a stretch of its newest outcomes that is surely below .60, however good it was before', () => {
    const known = outcomes(93, 100);
    expect(becomes('auto', 'reversible', { ...known, ...recent(0.599_999) }, five)).toBe('suggest');
    expect(becomes('auto', 'reversible', { ...known, ...recent(0.6) }, five)).toBe('auto');
  });

  test('is not lowered by two relapses in a row', () => {
    const known = { ...outcomes(98, 100), relapsedTwice: true, newestHeld: false };
    expect(becomes('auto', 'reversible', { ...known, ...recent(0.78) }, five)).toBe('auto');
  });

  test('has to hold in .60 of the outcomes once they weigh ten', () => {
    expect(becomes('auto', 'reversible', outcomes(5, 10), five)).toBe('suggest');
    expect(becomes('auto', 'reversible', outcomes(6, 10), five)).toBe('auto');
    expect(becomes('auto', 'reversible', outcomes(4, 9), five)).toBe('auto');
    const tried = { ...outcomes(10, 20), weight: 9.9, heldWeight: 5 };
    expect(becomes('auto', 'reversible', tried, five), 'tries that weigh less').toBe('auto');
  });

  test('has to prove this as a whole, and not again on every component', () => {
    const rest = [outcomes(5, 10), five, neverAsked] as const;
    expect(becomes('auto', 'reversible', ...rest, false)).toBe('auto');
    expect(becomes('auto', 'reversible', ...rest, true)).toBe('suggest');
  });
});

describe('auto, of what is harmless', () => {
  test('has twenty outcomes to show that it does something', () => {
    expect(becomes('auto', 'safe', outcomes(0, 19), five)).toBe('auto');
    expect(becomes('auto', 'safe', outcomes(0, 20), five)).toBe('suggest');
  });

  test('is lowered where there is more evidence that it is not better than nothing than that it is', () => {
    expect(becomes('auto', 'safe', outcomes(14, 20), untouched(7, 3))).toBe('suggest');
    // .90 - .70, and within what chance does.
    expect(becomes('auto', 'safe', outcomes(18, 20), untouched(7, 3))).toBe('suggest');
    expect(becomes('auto', 'safe', outcomes(39, 40), untouched(70, 30))).toBe('auto');
  });

  test('is lowered where hardly anything recovers by itself, and it cures as little', () => {
    expect(becomes('auto', 'safe', outcomes(3, 30), five)).toBe('suggest');
    expect(becomes('auto', 'safe', outcomes(16, 30), five)).toBe('auto');
  });

  test('has to reach .45 where too few were left untouched', () => {
    const four = untouched(4, 0);
    expect(becomes('auto', 'safe', { decided: 20, lower: 0.45 }, four)).toBe('suggest');
    expect(becomes('auto', 'safe', { decided: 20, lower: 0.450_001 }, four)).toBe('auto');
  });

  test('is not taken away by a bad stretch: it harms nobody', () => {
    const bad = { decided: 8, recent: { decided: 4, held: 0, upper: 0.58 } };
    expect(becomes('auto', 'safe', bad, five)).toBe('auto');
  });
});

test('auto is taken from what cannot be undone, however it got it', () => {
  expect(becomes('auto', 'irreversible', outcomes(50, 50), five)).toBe('suggest');
});

test('a change says why, with its figures as they are written', () => {
  const why = (...all: Parameters<typeof judge>) => judge(...all)?.why;
  expect(why('suggest', 'reversible', outcomes(19, 20), five)).toBe(
    'its lower bound .708 is at least .600, and it is surely better than what recovers untouched (0 of 5)',
  );
  expect(why('suggest', 'reversible', outcomes(0, 9))).toBe(
    'its upper bound .319 is below .333: too little of what it does holds to ask for it',
  );
  const stretch = { ...outcomes(30, 34), recent: { decided: 4, held: 0, upper: 0.5823 } };
  expect(why('auto', 'reversible', stretch)).toBe(
    'of its newest 4 outcomes 0 held, and the upper bound .582 of that is below .600',
  );
  expect(why('auto', 'reversible', outcomes(11, 20))).toBe(
    'after 20 outcomes the share .550 that held is below .600',
  );
  expect(why('auto', 'safe', outcomes(14, 20), untouched(7, 3))).toBe(
    'after 20 outcomes there is more evidence against than for its being better than what recovers untouched (7 of 10)',
  );
  expect(why('auto', 'safe', outcomes(12, 20))).toMatch(
    /^after 20 outcomes its lower bound \.\d+ is not above \.450, the minimum$/,
  );
});
