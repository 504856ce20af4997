import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { originIn, planIn, planOf } from './plan.ts';

test('a fault log says by what, when and whom it hit, so that it can be had again', () => {
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
  // Faults are written down when they are over.
  const lines = [origin, ...made.toReversed()].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(log, lines.join(''));
  expect(originIn(log)).toEqual(origin);
  expect(planIn(log)).toEqual(
    plan.map((planned, index) => ({ ...planned, target: index === 0 ? null : 'worker-3' })),
  );
});
