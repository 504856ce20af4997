/** When a maintenance window begins and ends, by the options of its command. */
import { expect, test } from 'vitest';
import { plannedTimes } from '../../../src/services/maintenance/times.ts';

const now = new Date('2026-03-02T12:00:00.400Z');

test('a window that begins now lasts as long as was asked, in whole seconds', () => {
  const { occurrences } = plannedTimes({ for: 3_600, timezone: 'UTC' }, now);
  expect(occurrences).toEqual([
    { starts_at: new Date('2026-03-02T12:00:00Z'), ends_at: new Date('2026-03-02T13:00:00Z') },
  ]);
});

test('one with a beginning of its own begins and ends as it says', () => {
  const from = new Date('2026-03-02T13:00:00Z');
  const { occurrences } = plannedTimes({ from, for: 90, timezone: 'UTC' }, now);
  expect(occurrences).toEqual([{ starts_at: from, ends_at: new Date('2026-03-02T13:01:30Z') }]);
});
