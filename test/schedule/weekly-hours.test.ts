/** Hours of the week, and what clock changes make of them. */
import { describe, expect, test } from 'vitest';
import { nextSlot, parseSchedule, slotsBetween } from '../../src/schedule/cron.ts';
import { endOfHours, readHours, scheduleOfHours } from '../../src/schedule/weekly-hours.ts';

const usual = readHours('Sun 02:00-04:00 America/New_York');

/** The hours of this text that begin after `after`, as ISO times; null for those that the clocks skip. */
function hoursAfter(text: string, after: string): [from: string, until: string | null] {
  const hours = readHours(text);
  const slot = nextSlot(parseSchedule(scheduleOfHours(hours)), new Date(after));
  return [slot.toISOString(), endOfHours(hours, slot)?.toISOString() ?? null];
}

test.each([
  ['in winter', '2026-12-01T00:00Z', '2026-12-06T07:00:00.000Z', '2026-12-06T09:00:00.000Z'],
  ['in summer', '2026-07-01T00:00Z', '2026-07-05T06:00:00.000Z', '2026-07-05T08:00:00.000Z'],
  // At two the clocks show three: the hours begin then and end at four, an hour later.
  [
    'when clocks are set forward',
    '2027-03-13T12:00Z',
    '2027-03-14T07:00:00.000Z',
    '2027-03-14T08:00:00.000Z',
  ],
  // At two they show one again: the hours begin at the one time that clocks show two.
  [
    'when clocks are set back',
    '2026-10-31T12:00Z',
    '2026-11-01T07:00:00.000Z',
    '2026-11-01T09:00:00.000Z',
  ],
])('Sundays from two to four in New York %s', (_, after, from, until) => {
  expect(hoursAfter('Sun 02:00-04:00 America/New_York', after)).toEqual([from, until]);
});

test('hours that the clocks skip as a whole do not come, and those that they show twice are longer', () => {
  expect(hoursAfter('Sun 02:00-03:00 America/New_York', '2027-03-13T12:00Z')).toEqual([
    '2027-03-14T07:00:00.000Z',
    null,
  ]);
  expect(hoursAfter('Sun 02:00-03:00 America/New_York', '2027-03-20T12:00Z')).toEqual([
    '2027-03-21T06:00:00.000Z',
    '2027-03-21T07:00:00.000Z',
  ]);
  // From one, the first time, to two: two hours.
  expect(hoursAfter('Sun 01:00-02:00 America/New_York', '2026-10-31T12:00Z')).toEqual([
    '2026-11-01T05:00:00.000Z',
    '2026-11-01T07:00:00.000Z',
  ]);
});

test('they may end on the next day, come on several days, or daily', () => {
  expect(hoursAfter('Sat 23:00-01:30 Europe/Berlin', '2026-12-01T00:00Z')).toEqual([
    '2026-12-05T22:00:00.000Z',
    '2026-12-06T00:30:00.000Z',
  ]);
  expect(scheduleOfHours(readHours('sat,Sun,sat 03:05-04:00 utc'))).toBe('CRON_TZ=UTC 5 3 * * 0,6');
  expect(scheduleOfHours(readHours(' daily  03:05-04:00  UTC '))).toBe('CRON_TZ=UTC 5 3 * * *');
});

test('each slot of a year, in zones with clock changes of all kinds, has an end after it, or none where the clocks skip all', () => {
  for (const zone of [
    'America/New_York',
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'America/Sao_Paulo',
    'Africa/Cairo',
    'Asia/Beirut',
  ])
    for (const times of ['02:00-04:00', '23:30-00:30', '00:00-01:00', '01:30-02:15']) {
      const hours = readHours(`daily ${times} ${zone}`);
      const slots = slotsBetween(
        parseSchedule(scheduleOfHours(hours)),
        new Date('2026-01-01T00:00Z'),
        new Date('2027-01-01T00:00Z'),
        1_000,
      );
      expect(slots.length).toBeGreaterThanOrEqual(364);
      const odd = slots.filter((slot) => {
        const end = endOfHours(hours, slot);
        const usualMs = ((hours.until - hours.from + 1_440) % 1_440) * 60_000;
        return end === null || end.getTime() - slot.getTime() !== usualMs;
      });
      // Two changes a year at most.
      expect(odd.length, `${times} ${zone}`).toBeLessThanOrEqual(2);
    }
});

test('a slot of another schedule begins no hours', () => {
  expect(endOfHours(usual, new Date('2026-12-06T07:00Z'))).toEqual(new Date('2026-12-06T09:00Z'));
  for (const other of ['2026-12-06T07:01Z', '2026-12-07T07:00Z', '2026-12-06T06:00Z'])
    expect(endOfHours(usual, new Date(other))).toBeNull();
});

describe('what says no hours is refused with the reason', () => {
  test.each([
    ['', 'it has to be days, two times and a zone, or off'],
    ['Sun 02:00 UTC', 'it has to be days, two times and a zone, or off'],
    ['Sun 2:00-4:00 UTC', 'it has to be days, two times and a zone, or off'],
    ['Sunday 02:00-04:00 UTC', 'Sunday is no day'],
    ['Sun, 02:00-04:00 UTC', 'an empty word is no day'],
    ['Sun 02:00-24:00 UTC', '24:00 is no time of a day'],
    ['Sun 02:00-02:00 UTC', 'they have to last from 10 minutes to 12 hours'],
    ['Sun 02:00-02:05 UTC', 'they have to last from 10 minutes to 12 hours'],
    ['Sun 02:00-15:00 UTC', 'they have to last from 10 minutes to 12 hours'],
    ['Sun 02:00-04:00 Europe/Berlinn', 'no time zone is called Europe/Berlinn'],
    ['Sun 02:00-04:00 +02:00', 'no time zone is called +02:00'],
    ['Sun 02:00-04:00 UTC\n', null],
  ])('%j', (text, why) => {
    if (why === null) expect(readHours(text).zone).toBe('UTC');
    else expect(() => readHours(text)).toThrow(why);
  });
});
