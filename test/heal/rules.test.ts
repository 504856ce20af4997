import { describe, expect, test } from 'vitest';
import { candidates, chosen, earlier } from './rules/candidates.ts';
import { historyOf, type History, type Rule } from './rules/histories.ts';
import { scenarios, wronglyAuto } from './rules/scenarios.ts';
import { tableOf } from './rules/tables.ts';

// This test checks only the direction; `node test/heal/rules/explore.ts` judges thousands of histories.
const some = 40;

const named = (name: string) => scenarios.find((each) => each.name === name)!;

function historiesOf(rule: Rule, name: string, histories = some): History[] {
  const scenario = named(name);
  return Array.from({ length: histories }, (_, seed) =>
    historyOf(rule, scenario, seed + 1, wronglyAuto(scenario)),
  );
}

const mean = (all: History[], of: (history: History) => number): number =>
  all.reduce((sum, each) => sum + of(each), 0) / all.length;
const lostSoon = ({ lost }: History) => Number(lost !== null && lost <= 100);

describe('cures whose true success rate is known', () => {
  test('a good one keeps the autonomy that it earns', () => {
    expect(mean(historiesOf(earlier, '0.9 on six'), lostSoon)).toBeGreaterThan(0.9);
    const now = historiesOf(chosen, '0.9 on six');
    expect(mean(now, lostSoon)).toBeLessThan(0.05);
    expect(mean(now, ({ auto }) => auto)).toBeGreaterThan(0.85);
  });

  test('one that always works earns auto with seven outcomes', () => {
    for (const { earned } of historiesOf(chosen, '1 on six')) expect(earned!.outcomes).toBe(7);
  });

  test('one that holds half of the time gets auto by luck in few histories', () => {
    const gained = ({ wronglyAuto: gain }: History) => Number(gain !== null);
    expect(mean(historiesOf(earlier, '0.5 on six'), gained)).toBeGreaterThan(0.1);
    expect(mean(historiesOf(chosen, '0.5 on six'), gained)).toBeLessThan(0.06);
  });

  test('one whose effect lasts 40 minutes acts four times, and is suggested nine times more', () => {
    const forty = 'works for 40 minutes, begins at auto';
    const now = historiesOf(chosen, forty);
    expect(mean(now, ({ alone }) => alone.wrong)).toBe(4);
    expect(mean(now, ({ approved }) => approved.wrong)).toBeLessThan(10);
    expect(mean(historiesOf(earlier, forty), ({ approved }) => approved.wrong)).toBeGreaterThan(
      100,
    );
  });

  test('a harmless placebo ends soon, also where most recover by themselves', () => {
    const now = historiesOf(chosen, 'a harmless placebo, 70 % recover');
    expect(mean(now, ({ alone }) => alone.wrong)).toBeLessThan(25);
    expect(now.every(({ lost }) => lost !== null && lost <= 100)).toBe(true);
  });
});

test('a history is the same every time', () => {
  const twice = [1, 2].map(() => historiesOf(chosen, '0.7 on six', 3));
  expect(twice[0]).toEqual(twice[1]);
});

test('every cure has a table with every rule that was compared', () => {
  for (const scenario of scenarios.slice(0, 2))
    expect(tableOf(scenario, candidates, 1).split('\n')).toHaveLength(candidates.length + 2);
});
