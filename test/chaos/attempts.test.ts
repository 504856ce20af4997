/** How the harness reads an audit, tested with invented audits. */
import { expect, test } from 'vitest';
import { readHistory } from './attempts.ts';
import type { RunWrite } from './audit.ts';

const start: RunWrite = {
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

test('a run that is taken from a worker whose lease has not run out is a violation', () => {
  const takenAt = (at: number) => {
    const taken: RunWrite = {
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
    return readHistory([start, taken], named, () => undefined).violations;
  };
  expect(takenAt(6_001)).toEqual([]);
  expect(takenAt(4_000)).toEqual([
    expect.stringContaining('taken over from w 2000 ms before its lease ran out'),
  ]);
});
