/** The week of the real bots in small: six hours in which some faults are planted, found, and one is healed. */
import { expect, test } from 'vitest';
import { faults } from '../../src/demo/faults/index.ts';
import { passWeek } from './real-bots.ts';

/** Those up to the first one whose remedy is carried out without a person. */
const most = faults.findIndex(({ name }) => name === 'conductor.last-run') + 1;

test('six hours of the real bots: every slot has one run, each planted fault is found, what is known is healed, and jobs succeed', async () => {
  const { counts, healed, wrong } = await passWeek({ days: 1 / 4, most });
  expect(wrong).toEqual([]);
  expect(counts.findings).toBeGreaterThanOrEqual(most);
  expect(counts.messages).toBeGreaterThan(0);
  expect(healed).toContainEqual(
    expect.objectContaining({ remedy: 'run.requeue', state: 'verified' }),
  );
}, 1_800_000);
