/** 100,000 damaged answers of each contract, and reports of async: mutated.test.ts with fewer of them is in the quick lane. */
import { expect, test } from 'vitest';
import { readDamaged } from './mutations.ts';

const rounds = 100_000;
/** How much the memory may grow, in bytes: the bound that remote bots are promised to keep. */
const maxGrowth = 64 * 1_048_576;

test.each(['signed', 'cron', 'async', 'report'] as const)(
  '100,000 damaged answers: %s',
  (kind) => {
    const outcome = readDamaged(kind, rounds, 2);
    // The figures of docs/reliability.md.
    console.log(kind, JSON.stringify(outcome));
    expect(outcome.read + outcome.refused).toBe(rounds);
    expect(outcome.grown).toBeLessThan(maxGrowth);
    expect(outcome.longest).toBeLessThan(3_000);
    expect(outcome.read).toBeGreaterThan(rounds / 100);
    expect(outcome.refused).toBeGreaterThan(rounds / 2);
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  },
  1_800_000,
);
