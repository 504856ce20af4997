import { describe, expect, test } from 'vitest';
import type { Risk } from '../../src/bot.ts';
import { judged, type Agreement, type Autonomy } from '../../src/heal/autonomy.ts';
import type { Record, Untouched } from '../../src/heal/figures.ts';
import { wilson } from '../../src/heal/wilson.ts';

const record = (rest: Partial<Record> = {}): Record => ({
  decided: 0,
  held: 0,
  relapsed: 0,
  failed: 0,
  weight: 0,
  heldWeight: 0,
  lower: 0,
  relapsedTwice: false,
  lastRelapse: null,
  ...rest,
});

const untouched = (recovered: number, persisted: number, upper: number): Untouched => ({
  recovered,
  persisted,
  rate: recovered + persisted > 0 ? recovered / (recovered + persisted) : null,
  upper,
});
const none = untouched(0, 0, 1);
const five = untouched(0, 5, wilson(0, 5).upper);

const becomes = (
  autonomy: Autonomy,
  risk: Risk,
  known: Partial<Record>,
  alone: Untouched = none,
  agreement: Agreement | null = null,
) => judged(autonomy, risk, record(known), alone, agreement)?.autonomy ?? autonomy;

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

  test('leads nowhere but to suggest, whatever the figures', () => {
    const perfect = { decided: 100, held: 100, lower: 0.96 };
    expect(becomes('shadow', 'safe', perfect, five, { agreed: 2, differed: 0 })).toBe('shadow');
    expect(becomes('shadow', 'safe', perfect, five, { agreed: 3, differed: 0 })).toBe('suggest');
  });

  test('of one component asks for nothing: people are asked about the whole entry', () => {
    expect(becomes('shadow', 'safe', { decided: 9 }, five, null)).toBe('shadow');
  });
});

describe('suggest', () => {
  test.each<Risk>(['safe', 'reversible'])('becomes auto at a lower bound of .60 (%s)', (risk) => {
    expect(becomes('suggest', risk, { lower: 0.6 }, five)).toBe('auto');
    expect(becomes('suggest', risk, { lower: 0.599_999 }, five)).toBe('suggest');
  });

  test('stays where less than five were left untouched: nobody knows what it is better than', () => {
    expect(becomes('suggest', 'reversible', { lower: 0.9 }, untouched(0, 4, 0.49))).toBe('suggest');
    expect(becomes('suggest', 'reversible', { lower: 0.9 }, untouched(1, 4, 0.624))).toBe('auto');
  });

  test('stays unless it lies above what recovers untouched, at the bound too', () => {
    const most = untouched(14, 6, 0.855);
    expect(becomes('suggest', 'reversible', { lower: 0.8549 }, most)).toBe('suggest');
    expect(becomes('suggest', 'reversible', { lower: 0.855 }, most)).toBe('suggest');
    expect(becomes('suggest', 'reversible', { lower: 0.8551 }, most)).toBe('auto');
  });

  test('stays while the newest two outcomes are relapses, however good it was before', () => {
    const known = { decided: 42, held: 40, lower: 0.84 };
    expect(becomes('suggest', 'reversible', { ...known, relapsedTwice: true }, five)).toBe(
      'suggest',
    );
    expect(becomes('suggest', 'reversible', known, five)).toBe('auto');
  });

  test('stays for ever where the effect cannot be undone', () => {
    expect(becomes('suggest', 'irreversible', { decided: 1_000, lower: 0.99 }, five)).toBe(
      'suggest',
    );
  });
});

describe('auto, of what can be undone', () => {
  test('falls below .45 and not at it, once five are decided', () => {
    expect(becomes('auto', 'reversible', { decided: 5, lower: 0.449_999 })).toBe('suggest');
    expect(becomes('auto', 'reversible', { decided: 5, lower: 0.45 })).toBe('auto');
    expect(becomes('auto', 'reversible', { decided: 4, lower: 0 })).toBe('auto');
  });

  test('falls after two relapses in a row, however good it was', () => {
    expect(
      becomes('auto', 'reversible', { decided: 100, lower: 0.93, relapsedTwice: true }, five),
    ).toBe('suggest');
  });

  test('stays between .45 and .60: it does not come and go', () => {
    for (const lower of [0.45, 0.5, 0.599])
      expect(becomes('auto', 'reversible', { decided: 9, lower }, five)).toBe('auto');
  });
});

describe('auto, of what is harmless', () => {
  /** Of so many outcomes, all of today. */
  const outcomes = (heldWeight: number, decided: number): Partial<Record> => ({
    decided,
    weight: decided,
    heldWeight,
    lower: wilson(heldWeight, decided).lower,
  });

  test('has twenty outcomes to show that it does something', () => {
    expect(becomes('auto', 'safe', outcomes(0, 19), five)).toBe('auto');
    expect(becomes('auto', 'safe', outcomes(0, 20), five)).toBe('suggest');
  });

  test('falls where it is not better than nothing, or may be so by luck', () => {
    const seven = untouched(7, 3, 0.892);
    expect(becomes('auto', 'safe', outcomes(14, 20), seven)).toBe('suggest');
    // .95 - .70, and still within what chance does.
    expect(becomes('auto', 'safe', outcomes(19, 20), seven)).toBe('suggest');
    const many = untouched(70, 30, 0.782);
    expect(becomes('auto', 'safe', outcomes(19, 20), many)).toBe('auto');
  });

  test('falls where hardly anything recovers, and as little is cured', () => {
    expect(becomes('auto', 'safe', outcomes(3, 30), five)).toBe('suggest');
    expect(becomes('auto', 'safe', outcomes(16, 30), five)).toBe('auto');
  });

  test('has to reach .45 where too few were left untouched', () => {
    const four = untouched(4, 0, 1);
    expect(becomes('auto', 'safe', { decided: 20, lower: 0.45 }, four)).toBe('suggest');
    expect(becomes('auto', 'safe', { decided: 20, lower: 0.450_001 }, four)).toBe('auto');
  });

  test('is not taken away by two relapses: it harms nobody', () => {
    expect(becomes('auto', 'safe', { decided: 8, relapsedTwice: true }, five)).toBe('auto');
  });
});

test('auto is taken from what cannot be undone, however it came to it', () => {
  expect(becomes('auto', 'irreversible', { decided: 50, lower: 0.93 }, five)).toBe('suggest');
});

test('a change says why, with its figures as they are written', () => {
  const up = judged('suggest', 'reversible', record({ lower: 0.7642 }), five, null);
  expect(up?.why).toBe(
    'its lower bound .764 is at least .600 and above the upper bound .434 of what recovers untouched',
  );
  const down = judged('auto', 'reversible', record({ decided: 9, lower: 0.2 }), five, null);
  expect(down?.why).toBe('its lower bound .200 is below .450');
  const idle = record({ decided: 20, weight: 20, heldWeight: 14, lower: 0.481 });
  expect(judged('auto', 'safe', idle, untouched(7, 3, 0.892), null)?.why).toBe(
    'after 20 outcomes the lower bound -.291 of its lift over what recovers untouched is not above 0',
  );
});
