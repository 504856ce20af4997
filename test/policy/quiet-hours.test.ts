/** Quiet hours against what Intl says that clocks show, over clock changes and over midnight. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quietUntil } from '../../src/policy/quiet-hours.ts';
import { weekdays, type QuietHours } from '../../src/policy/schema.ts';

const minuteMs = 60_000;
const clock = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const hours = (from: string, to: string, timezone: string, days = [...weekdays]): QuietHours => ({
  severities: ['low', 'info'],
  from: clock(from),
  to: clock(to),
  timezone,
  days,
});

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the zone's clock shows: minute of the day, and the day of the week. */
function shown(zone: string, at: Date): { minute: number; day: number } {
  let format = formats.get(zone);
  if (!format)
    formats.set(
      zone,
      (format = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        weekday: 'short',
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      })),
    );
  const parts = format.formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)!.value;
  const day = weekdays.indexOf(of('weekday').toLowerCase() as (typeof weekdays)[number]);
  return { minute: Number(of('hour')) * 60 + Number(of('minute')), day };
}

function isQuiet({ from, to, timezone, days }: QuietHours, at: Date): boolean {
  const { minute, day } = shown(timezone, at);
  const today = days.includes(weekdays[day]!);
  const yesterday = days.includes(weekdays[(day + 6) % 7]!);
  if (from < to) return today && minute >= from && minute < to;
  return (today && minute >= from) || (yesterday && minute < to);
}

const until = (all: QuietHours[], at: string) =>
  quietUntil(all, 'low', new Date(at)).toISOString().replace(':00.000Z', 'Z');

describe('over midnight', () => {
  const nights = [hours('22:00', '07:00', 'Europe/Berlin')];
  test.each([
    ['2026-11-29T20:59Z', '2026-11-29T20:59Z'],
    ['2026-11-29T21:00Z', '2026-11-30T06:00Z'],
    ['2026-11-30T05:59Z', '2026-11-30T06:00Z'],
    ['2026-11-30T06:00Z', '2026-11-30T06:00Z'],
  ])('at %s it is quiet until %s', (at, end) => expect(until(nights, at)).toBe(end));

  test('they belong to the day on which they begin', () => {
    // 2026-11-27 is a Friday.
    const friday = [hours('22:00', '07:00', 'UTC', ['fri'])];
    expect(until(friday, '2026-11-27T23:00Z')).toBe('2026-11-28T07:00Z');
    expect(until(friday, '2026-11-28T06:00Z')).toBe('2026-11-28T07:00Z');
    expect(until(friday, '2026-11-27T06:00Z')).toBe('2026-11-27T06:00Z');
    expect(until(friday, '2026-11-28T23:00Z')).toBe('2026-11-28T23:00Z');
  });

  test('other severities have none, and hours that follow each other are one', () => {
    expect(quietUntil(nights, 'high', new Date('2026-11-29T23:00Z')).toISOString()).toMatch(
      '2026-11-29T23:00',
    );
    const all = [...nights, hours('07:00', '09:30', 'Europe/Berlin', ['mon'])];
    expect(until(all, '2026-11-29T23:00Z')).toBe('2026-11-30T08:30Z');
  });

  test('what is always quiet is asked again after two weeks', () => {
    expect(until([hours('00:00', '24:00', 'UTC')], '2026-11-01T00:00Z')).toBe('2026-11-15T00:00Z');
  });
});

describe('when clocks change', () => {
  test.each([
    // New York, 2026-03-08: from 02:00 to 03:00. Times that are skipped are not there.
    ['America/New_York', '01:30', '02:30', '2026-03-08T06:30Z', '2026-03-08T07:00Z'],
    ['America/New_York', '02:15', '02:45', '2026-03-08T06:59Z', '2026-03-08T06:59Z'],
    ['America/New_York', '02:15', '02:45', '2026-03-08T07:00Z', '2026-03-08T07:00Z'],
    ['America/New_York', '02:30', '04:00', '2026-03-08T07:00Z', '2026-03-08T08:00Z'],
    // 2026-11-01: from 02:00 back to 01:00. Times that are shown twice are quiet twice.
    ['America/New_York', '01:00', '01:30', '2026-11-01T05:10Z', '2026-11-01T05:30Z'],
    ['America/New_York', '01:00', '01:30', '2026-11-01T05:40Z', '2026-11-01T05:40Z'],
    ['America/New_York', '01:00', '01:30', '2026-11-01T06:10Z', '2026-11-01T06:30Z'],
    ['America/New_York', '00:30', '03:00', '2026-11-01T04:40Z', '2026-11-01T08:00Z'],
    // Lord Howe changes by half an hour: 2026-10-04 from 02:00 to 02:30, 2026-04-05 from 02:00 back to 01:30.
    ['Australia/Lord_Howe', '01:45', '02:15', '2026-10-03T15:20Z', '2026-10-03T15:30Z'],
    ['Australia/Lord_Howe', '01:30', '02:00', '2026-04-04T14:35Z', '2026-04-04T15:30Z'],
  ])('%s %s to %s: at %s it is quiet until %s', (zone, from, to, at, end) =>
    expect(until([hours(from, to, zone)], at)).toBe(end),
  );
});

const zones = ['America/New_York', 'Australia/Lord_Howe', 'Europe/Berlin', 'UTC', 'Asia/Kathmandu'];
const someHours = fc
  .record({
    from: fc.integer({ min: 0, max: 1439 }),
    to: fc.integer({ min: 0, max: 1440 }),
    timezone: fc.constantFrom(...zones),
    days: fc.subarray([...weekdays], { minLength: 1 }),
  })
  .filter(({ from, to }) => from !== to)
  .map((given): QuietHours => ({ severities: ['low'], ...given }));
/** Near the changes of 2026, and anywhere in the year. */
const instant = fc
  .oneof(
    fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }),
    ...['2026-03-08T07:00Z', '2026-11-01T06:00Z', '2026-10-03T15:30Z', '2026-04-04T15:00Z'].map(
      (change) =>
        fc
          .integer({ min: -1_800, max: 1_800 })
          .map((minutes) => Date.parse(change) + minutes * minuteMs),
    ),
  )
  .map((ms) => new Date(Math.floor(ms / minuteMs) * minuteMs));

test('every minute before the end is quiet as the clock shows it, and the end is not', () => {
  fc.assert(
    fc.property(fc.array(someHours, { minLength: 1, maxLength: 3 }), instant, (all, at) => {
      const end = quietUntil(all, 'low', at);
      const any = (when: Date) => all.some((each) => isQuiet(each, when));
      expect(end.getTime() - at.getTime()).toBeLessThanOrEqual(15 * 86_400_000);
      if (end.getTime() - at.getTime() < 14 * 86_400_000) expect(any(end)).toBe(false);
      const minutes = (end.getTime() - at.getTime()) / minuteMs;
      // Each change of clocks here is of half an hour at least.
      for (let minute = 0; minute < Math.min(minutes, 4_000); minute += minutes > 300 ? 7 : 1)
        if (!any(new Date(at.getTime() + minute * minuteMs)))
          expect.fail(`minute ${minute} after ${at.toISOString()} is not quiet`);
    }),
    { numRuns: 150 },
  );
});
