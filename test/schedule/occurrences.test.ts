import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextSlot, parseSchedule } from '../../src/schedule/cron.ts';
import { occurrenceAt, planOccurrences, refuseOverlaps } from '../../src/schedule/occurrences.ts';

const window = (schedule_cron: string, timezone: string, hours: number) => ({
  schedule_cron,
  timezone,
  duration_seconds: hours * 3600,
});
const at = (text: string) => new Date(text);
const told = ({ starts_at, ends_at }: { starts_at: Date; ends_at: Date }) =>
  `${starts_at.toISOString().slice(0, 16)} ${ends_at.toISOString().slice(0, 16)}`;

describe('the days on which clocks change', () => {
  test.each<[string, string, string, number, string, string[]]>([
    [
      'a time that New York skips is the first after the gap',
      'America/New_York',
      '30 2 * * *',
      2,
      '2026-03-07T12:00Z',
      // 02:30 EST; 03:00 EDT on the day of the gap; 02:30 EDT
      ['2026-03-08T07:00 2026-03-08T09:00', '2026-03-09T06:30 2026-03-09T08:30'],
    ],
    [
      'a time that New York shows twice is the first of the two, once',
      'America/New_York',
      '30 1 * * *',
      2,
      '2026-10-31T12:00Z',
      ['2026-11-01T05:30 2026-11-01T07:30', '2026-11-02T06:30 2026-11-02T08:30'],
    ],
    [
      'a window over the gap lasts as long as ever',
      'America/New_York',
      '0 1 * * *',
      3,
      '2026-03-07T12:00Z',
      ['2026-03-08T06:00 2026-03-08T09:00', '2026-03-09T05:00 2026-03-09T08:00'],
    ],
    [
      'Lord Howe goes half an hour on',
      'Australia/Lord_Howe',
      '15 2 * * *',
      1,
      // 02:00 becomes 02:30 on 4 October 2026
      '2026-10-02T20:00Z',
      ['2026-10-03T15:30 2026-10-03T16:30', '2026-10-04T15:15 2026-10-04T16:15'],
    ],
    [
      'and half an hour back',
      'Australia/Lord_Howe',
      '45 1 * * *',
      1,
      // 02:00 becomes 01:30 on 5 April 2026
      '2026-04-03T20:00Z',
      ['2026-04-04T14:45 2026-04-04T15:45', '2026-04-05T15:15 2026-04-05T16:15'],
    ],
  ])('%s', (_, zone, cron, hours, now, expected) => {
    const { occurrences } = planOccurrences(window(cron, zone, hours), at(now), at(now));
    expect(occurrences.slice(0, expected.length).map(told)).toEqual(expected);
  });

  test('an occurrence that overlaps only then is refused, with the times', () => {
    const now = at('2026-01-01T00:00Z');
    const day = window('0 1 * * *', 'America/New_York', 23);
    expect(() => refuseOverlaps({ ...day, duration_seconds: 23 * 3600 - 60 }, now)).not.toThrow();
    expect(() => refuseOverlaps(day, now)).toThrow(
      expect.objectContaining({
        why: expect.stringContaining(
          'one begins at 2026-03-08 06:00:00 UTC and lasts until 2026-03-09 05:00:00 UTC',
        ),
      }),
    );
    expect(() => refuseOverlaps({ ...day, timezone: 'UTC' }, now)).not.toThrow();
    expect(() => refuseOverlaps(window('0 * * * *', 'UTC', 1), now)).toThrow('no maintenance');
  });
});

test.each(['America/New_York', 'Australia/Lord_Howe', 'Europe/Berlin', 'UTC'])(
  'in %s what is planned, and what lies beyond it, is in force from each slot on for as long as it lasts',
  (timezone) => {
    const moment = fc
      .integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) })
      .map((ms) => new Date(ms));
    const crons = fc.constantFrom(
      '30 2 * * *',
      '30 1 * * 0',
      '*/30 1 * * *',
      '0 0 1 * *',
      '0 */6 * * *',
    );
    fc.assert(
      fc.property(moment, crons, fc.integer({ min: 60, max: 1_700 }), (now, cron, seconds) => {
        const one = { schedule_cron: cron, timezone, duration_seconds: seconds };
        const { occurrences, until } = planOccurrences(one, now, now);
        const schedule = parseSchedule(cron, timezone);
        let slot = now;
        for (const { starts_at, ends_at } of occurrences) {
          slot = nextSlot(schedule, slot);
          expect(starts_at).toEqual(slot);
          expect(ends_at.getTime() - starts_at.getTime()).toBe(seconds * 1000);
          const last = new Date(ends_at.getTime() - 1);
          expect(occurrenceAt(one, starts_at)).toEqual({ starts_at, ends_at });
          expect(occurrenceAt(one, last)).toEqual({ starts_at, ends_at });
          expect(occurrenceAt(one, ends_at)?.starts_at).not.toEqual(starts_at);
        }
        expect(nextSlot(schedule, slot) > until).toBe(true);
        expect(until > now).toBe(true);
        // What is planned later joins it without a gap.
        const later = planOccurrences(one, until, until);
        expect(later.occurrences[0]!.starts_at).toEqual(nextSlot(schedule, until));
      }),
      { numRuns: 60 },
    );
  },
);
