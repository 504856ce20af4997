/** What the harness reads out of an audit, asked of audits that are made up. */
import { expect, test } from 'vitest';
import { follow } from './attempts.ts';
import type { Written } from './audit.ts';

const start: Written = {
  seq: 1,
  at: 1_000,
  run: 'run',
  bot: 'bot',
  old_status: 'queued',
  status: 'running',
  old_fence: null,
  fence: '1',
  old_attempt: 0,
  attempt: 1,
  old_worker: null,
  worker: 'w',
  reason: null,
  old_lease: null,
  writer: null,
};

test('a run that is taken from a holder whose lease has not run out is a violation', () => {
  const takenAt = (at: number) => {
    const taken: Written = {
      ...start,
      seq: 2,
      at,
      old_status: 'running',
      status: 'queued',
      old_fence: '1',
      reason: 'worker lost',
      old_lease: 6_000,
    };
    const named = (worker: string) => worker;
    return follow([start, taken], named, () => undefined).violations;
  };
  expect(takenAt(6_001)).toEqual([]);
  expect(takenAt(4_000)).toEqual([
    expect.stringContaining('taken over from w 2000 ms before its lease ran out'),
  ]);
});
