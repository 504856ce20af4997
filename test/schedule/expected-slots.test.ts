import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ExpectedSlots, slotTimes } from '../../src/schedule/slot-times.ts';
import type { SlotTimes } from '../../src/transitions/runs/claim.ts';

const noon = new Date('2026-03-02T12:00:00.500Z');
const minutes = (count: number) => new Date(noon.getTime() + count * 60_000);

/** As the database asked for them: bots whose slot was at noon sharp. */
const wanted = (texts: string[]): SlotTimes[] =>
  texts.map((cron) => slotTimes({ cron, zone: 'UTC', slot: '2026-03-02T12:00:00+00:00' }, noon));

/** Different texts that all fire every minute of the first ten. */
const minutely = (count: number) =>
  Array.from({ length: count }, (_, index) => `0-9,${10 + (index % 50)} * * * *`);

/** What is near when so much time has gone by since the last claim. */
function nearAfter(expected: ExpectedSlots, ms: number): string[] {
  vi.advanceTimersByTime(ms);
  return expected.dueSoon().map(({ cron, slot }) => `${slot.slice(11, 16)} ${cron}`);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  return () => void vi.useRealTimers();
});

describe('the slots that are expected next', () => {
  test('follow from what was claimed, and are sent along shortly before they are due', () => {
    const expected = new ExpectedSlots();
    expect(expected.dueSoon()).toEqual([]);
    expected.advance(wanted(['* * * * *', '5 * * * *']), noon);
    expect(nearAfter(expected, 57_000)).toEqual([]);
    expect(nearAfter(expected, 1_000)).toEqual(['12:01 * * * * *']);
    expect(nearAfter(expected, 240_000)).toEqual(['12:01 * * * * *', '12:05 5 * * * *']);
  });

  test('stay expected when they were sent before they were due', () => {
    const expected = new ExpectedSlots();
    expected.advance(wanted(['* * * * *']), noon);
    vi.advanceTimersByTime(58_500);
    const early = expected.dueSoon();
    expect(early).toHaveLength(1);
    expected.advance(early, new Date('2026-03-02T12:00:59.000Z'));
    expect(nearAfter(expected, 0)).toEqual(['12:01 * * * * *']);
    expected.advance(early, minutes(1));
    expect(nearAfter(expected, 0)).toEqual([]);
    expect(nearAfter(expected, 58_000)).toEqual(['12:02 * * * * *']);
  });

  test('are as many as fit, also in the tick in which all of them are used', () => {
    const expected = new ExpectedSlots(20);
    expected.advance(wanted(minutely(50)), noon);
    for (let minute = 1; minute < 5; minute++) {
      vi.advanceTimersByTime(59_000);
      const near = expected.dueSoon();
      expect(near.map(({ slot }) => slot)).toEqual(
        Array(20).fill(`2026-03-02T12:0${minute}:00.000Z`),
      );
      vi.advanceTimersByTime(1_000);
      // the others are asked for again, as claimDue would
      for (let batch = 0; batch < 3; batch++) expected.advance(near, minutes(minute));
    }
  });

  test('leave out what is hours away: a place is for what comes soon', () => {
    const expected = new ExpectedSlots(3);
    expected.advance(wanted(['0 0 1 1 *', '0 4 * * *', '0 5 * * *', '7 * * * *']), noon);
    expect(nearAfter(expected, 24 * 3_600_000)).toEqual(['12:07 7 * * * *']);
  });

  test('are forgotten after a while when no bot asks for them again', () => {
    const expected = new ExpectedSlots();
    expected.advance(wanted(['* * * * *']), noon);
    let turns = 0;
    for (; turns < 1_000; turns++) {
      vi.advanceTimersByTime(59_000);
      const near = expected.dueSoon();
      if (near.length === 0) break;
      vi.advanceTimersByTime(1_000);
      expected.advance(near, minutes(turns + 1));
    }
    expect(turns).toBeGreaterThan(50);
    expect(turns).toBeLessThan(200);
  });
});
