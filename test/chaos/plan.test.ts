import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { originIn, planIn, planOf } from './plan.ts';

test('a fault log contains all that is needed to make the same faults again', () => {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-plan-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const log = join(directory, 'faults.jsonl');
  const origin = { seed: 7, minutes: 1, backend: 'postgres' as const };
  const plan = planOf(origin.seed, origin.minutes, origin.backend);
  const made = plan.map((planned, index) => ({
    ...planned,
    began: 1,
    ended: 2,
    target: index === 0 ? null : 'worker-3',
    missed: null,
  }));
  // The log has the faults in the order of their ends.
  const lines = [origin, ...made.toReversed()].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(log, lines.join(''));
  expect(originIn(log)).toEqual(origin);
  expect(planIn(log)).toEqual(
    plan.map((planned, index) => ({ ...planned, target: index === 0 ? null : 'worker-3' })),
  );
});
