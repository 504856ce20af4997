/** Damaged answers: each is read or refused with a sentence, and the memory does not grow with them. mutated-all.test.ts has more. */
import { expect, test } from 'vitest';
import { readDamaged } from './mutations.ts';

const rounds = 1_000;

test.each(['signed', 'cron', 'async', 'report'] as const)('damaged answers: %s', (kind) => {
  const { read, refused, longest, grown } = readDamaged(kind, rounds, 1);
  expect(read + refused).toBe(rounds);
  expect(grown).toBeLessThan(64 * 1_048_576);
  expect(longest).toBeLessThan(3_000);
  expect(read).toBeGreaterThan(rounds / 100);
  expect(refused).toBeGreaterThan(rounds / 2);
  expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
});
