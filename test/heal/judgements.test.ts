import { describe, expect, test } from 'vitest';
import type { Autonomy } from '../../src/ground/autonomy.ts';
import type { Evidence } from '../../src/heal/judging/autonomy.ts';
import { bounds } from '../../src/heal/statistics/betting-bounds.ts';
import { judgementsOf, type JudgedComponent } from '../../src/heal/judging/judgements.ts';
import { worstStretch } from '../../src/heal/judging/worst-stretch.ts';

/** `+` held, `-` did not; the oldest first. */
const evidence = (outcomes: string, ofWhole: boolean): Evidence => {
  const all = [...outcomes].map((each) => ({ held: each === '+', weight: 1 }));
  const held = all.filter((each) => each.held).length;
  return {
    ofWhole,
    record: {
      decided: all.length,
      held,
      relapsed: 0,
      failed: all.length - held,
      weight: all.length,
      heldWeight: held,
      ...bounds({ successes: held, trials: all.length }),
      recent: worstStretch(all.toReversed()),
      newestHeld: all.at(-1)?.held ?? false,
      relapsedTwice: false,
      lastRelapse: null,
    },
    untouched: { recovered: 0, persisted: 10, rate: 0, upper: 0.3 },
    agreement: { agreed: 0, differed: 0 },
  };
};

const part = (
  component: string,
  outcomes: string,
  own: Autonomy | null = null,
): JudgedComponent => ({
  component,
  own,
  ...evidence(outcomes, false),
});

const judged = (autonomy: Autonomy, whole: string, ...parts: JudgedComponent[]) =>
  judgementsOf({ autonomy, risk: 'reversible', ...evidence(whole, true) }, parts).map(
    ({ component, before, change }) => [component, before, change.autonomy],
  );

const good = '+'.repeat(20);
const failing = '----';

describe('when an entry is lowered to suggest', () => {
  const whole = `${good}${failing}`;

  test('a component whose own outcomes would earn auto keeps it', () => {
    expect(judged('auto', whole, part('a', good))).toEqual([
      ['a', 'auto', 'auto'],
      [null, 'auto', 'suggest'],
    ]);
  });

  test('a component whose newest outcome failed, or of which too little is known, is lowered with it', () => {
    const parts = [part('a', `${good}-`), part('b', '+++++'), part('c', good, 'auto')];
    expect(judged('auto', whole, ...parts)).toEqual([[null, 'auto', 'suggest']]);
  });

  test('a component with auto by its own outcomes is lowered only by those, and not with the entry', () => {
    expect(judged('auto', whole, part('a', `${good}${failing}`, 'auto'))).toEqual([
      ['a', 'auto', 'suggest'],
      [null, 'auto', 'suggest'],
    ]);
  });
});

describe('when an entry is lowered to shadow', () => {
  const whole = '---------';

  test('a component on which a heal held still gets suggestions', () => {
    expect(judged('suggest', whole, part('a', '+'), part('b', '--'))).toEqual([
      ['a', 'suggest', 'suggest'],
      [null, 'suggest', 'shadow'],
    ]);
  });

  test('a component that is surely bad by itself needs no judgement of its own', () => {
    expect(judged('suggest', whole, part('a', '---------'))).toEqual([[null, 'suggest', 'shadow']]);
  });

  test('a component with auto by its own outcomes keeps it', () => {
    expect(judged('suggest', whole, part('a', good, 'auto'))).toEqual([
      [null, 'suggest', 'shadow'],
    ]);
  });
});

test('a component on which it is surely bad is in shadow while the entry is suggested, or auto', () => {
  expect(judged('suggest', `${good}---------+`, part('a', '---------')).slice(0, 1)).toEqual([
    ['a', 'suggest', 'shadow'],
  ]);
  expect(judged('auto', good, part('a', '---------', 'suggest'))).toEqual([
    ['a', 'suggest', 'shadow'],
  ]);
});

test('people can end the shadow of one component while the rest stays in shadow', () => {
  const agreed = { ...part('a', ''), agreement: { agreed: 3, differed: 0 } };
  expect(judged('shadow', '', agreed, part('b', ''))).toEqual([['a', 'shadow', 'suggest']]);
});
