/** Times in the zone of the operator, which is named. */
import { afterEach, describe, expect, test } from 'vitest';
import { moment as readMoment } from '../../src/cli/arguments/durations.ts';
import {
  age,
  clock,
  inOwnZone,
  moment,
  relative,
  showTimesAs,
  time,
  upcoming,
} from '../../src/cli/terminal/times.ts';

const { TZ } = process.env;

afterEach(() => {
  if (TZ === undefined) delete process.env.TZ;
  else process.env.TZ = TZ;
  showTimesAs(undefined);
});

const winter = new Date('2026-11-22T09:05:00Z');
const summer = new Date('2026-07-01T22:30:00Z');

test.each([
  ['UTC', '2026-11-22 09:05:00 UTC', '2026-07-01 22:30:00 UTC'],
  ['Europe/Berlin', '2026-11-22 10:05:00 CET', '2026-07-02 00:30:00 CEST'],
  ['America/New_York', '2026-11-22 04:05:00 EST', '2026-07-01 18:30:00 EDT'],
  ['Asia/Tokyo', '2026-11-22 18:05:00 GMT+9', '2026-07-02 07:30:00 GMT+9'],
  ['Asia/Kathmandu', '2026-11-22 14:50:00 GMT+5:45', '2026-07-02 04:15:00 GMT+5:45'],
])('in %s', (zone, inWinter, inSummer) => {
  process.env.TZ = zone;
  expect(time(winter)).toBe(inWinter);
  expect(time(summer)).toBe(inSummer);
  expect(time(winter.toISOString())).toBe(inWinter);
});

describe('in Berlin', () => {
  const now = new Date('2026-10-24T10:00:00Z');
  const later = new Date('2026-10-26T10:00:00Z');

  test('a head names the zone, and a time beyond a change of the clocks its own', () => {
    process.env.TZ = 'Europe/Berlin';
    expect(inOwnZone('Next', now)).toBe('Next (CEST)');
    expect(clock(now, now)).toBe('2026-10-24 12:00:00');
    expect(clock(later, now)).toBe('2026-10-26 11:00:00 CET');
    expect(upcoming(later, now)).toBe('in 2d, 2026-10-26 11:00 CET');
    expect(upcoming(new Date('2026-10-24T21:00:00Z'), now)).toBe('in 11h, 23:00');
    expect(upcoming(new Date('2026-10-24T22:30:00Z'), now)).toBe('in 13h, 2026-10-25 00:30');
  });

  test('--time iso is exact, with the offset, and --time relative without a clock', () => {
    process.env.TZ = 'Europe/Berlin';
    showTimesAs('iso');
    for (const shown of [time(later), relative(later, now), age(later, now), moment(later, now)])
      expect(shown).toBe('2026-10-26T11:00:00+01:00');
    expect(clock(now, now)).toBe('2026-10-24T12:00:00+02:00');
    showTimesAs('relative');
    for (const shown of [time(later, now), relative(later, now), moment(later, now)])
      expect(shown).toBe('in 2d');
  });

  test('a time that is typed is in it, unless it has an offset', () => {
    process.env.TZ = 'Europe/Berlin';
    const read = readMoment('--since');
    expect(read('2026-07-02 00:30')).toEqual(summer);
    expect(read('2026-11-22 10:05')).toEqual(winter);
    expect(read('2026-11-22 09:05Z')).toEqual(winter);
    // Shown twice, and skipped.
    expect(read('2026-10-25 02:30')).toEqual(new Date('2026-10-25T00:30:00Z'));
    expect(read('2026-03-29 02:30')).toEqual(new Date('2026-03-29T01:00:00Z'));
  });
});

test('UTC is named, and written as Z', () => {
  process.env.TZ = 'UTC';
  showTimesAs('iso');
  expect(time(winter)).toBe('2026-11-22T09:05:00Z');
  showTimesAs(undefined);
  expect(moment(winter, new Date('2026-11-22T09:10:00Z'))).toBe('2026-11-22 09:05:00 UTC (5m ago)');
});

test.each(['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Europe/Berlin'])(
  'times at the bounds are told in words in %s',
  (zone) => {
    process.env.TZ = zone;
    for (const wanted of [undefined, 'iso', 'relative'] as const) {
      showTimesAs(wanted);
      expect(time(new Date('9999-12-31T23:59:59.999Z'), winter)).toBe('9999 or later');
      expect(relative(new Date('0001-01-01T00:00:00Z'), winter)).toBe('0001 or earlier');
      expect(time(new Date('9999-12-31T23:59:00Z'))).not.toMatch(/NaN|Invalid/);
      expect(time(null)).toBe('-');
      expect(moment(null, winter)).toBeNull();
    }
  },
);
