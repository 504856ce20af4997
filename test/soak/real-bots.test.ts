/** The week of the real bots in small: six hours in which some faults are planted, found, and one is healed. */
import { expect, test } from 'vitest';
import { passWeek } from './real-bots.ts';

test('six hours of the real bots: every slot has one run, each planted fault is found, what is known is healed, and jobs succeed', async () => {
  const { counts, healed, wrong } = await passWeek({ days: 1 / 4, most: 8 });
  expect(wrong).toEqual([]);
  expect(counts.findings).toBeGreaterThanOrEqual(8);
  expect(counts.messages).toBeGreaterThan(0);
  expect(healed).toContainEqual(
    expect.objectContaining({ remedy: 'run.requeue', state: 'verified' }),
  );
}, 900_000);
