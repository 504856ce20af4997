import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  BadScheduleError,
  nextSlot,
  parseSchedule,
  type Schedule,
  slotsBetween,
  slotsMissed,
} from '../../src/schedule/cron.ts';
import { everyZone } from './clock-changes.ts';
import { expressions } from './expressions.ts';
import { meaningOf } from './oracle.ts';

vi.setConfig({ testTimeout: 120_000 });

const valid = fc.constantFrom(...expressions(1000, 2));
const zone = fc.constantFrom(...everyZone);
const instant = fc.date({
  min: new Date('2010-01-01T00:00Z'),
  max: new Date('2060-01-01T00:00Z'),
  noInvalidDate: true,
});
/** What a schedule promises: it fires within this time from any moment on. */
const promiseMs = 50 * 366 * 86_400_000;
/** Far above the longest time measured (25 ms), far below what a person would notice. */
const patienceMs = 1_000;

/** Does it, and counts the time of the CPU: what a busy machine takes away is not its fault. */
function timed<Result>(act: () => Result): Result {
  const began = process.cpuUsage();
  try {
    return act();
  } finally {
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(patienceMs);
  }
}

/** Parsed, or refused with the one error that is meant for it. */
function read(text: string, timezone: string): Schedule | null {
  try {
    return timed(() => parseSchedule(text, timezone));
  } catch (error) {
    if (!(error instanceof BadScheduleError)) throw error;
    expect(['schedule_cron', 'timezone']).toContain(error.field);
    expect(error.why).toMatch(/^(schedule_cron|timezone): ./);
    expect(error.hint).not.toBe('');
    expect(error.message.length).toBeLessThan(500);
    return null;
  }
}

describe('any text', () => {
  const scraps = [
    ...'0123456789',
    ...'*,-/#LWH?@+~. \t\n',
    '*/',
    '60',
    '31',
    'MON',
    'jan',
    'CRON_TZ=',
  ];
  const scrap = fc.constantFrom(...scraps);
  const crumbs = fc.array(scrap, { maxLength: 5 }).map((some) => some.join(''));
  /** Something valid with a piece cut out and another one put in. */
  const spoiled = fc
    .tuple(valid, fc.nat(20), fc.nat(2), fc.array(scrap, { maxLength: 2 }))
    .map(([text, at, cut, put]) => text.slice(0, at) + put.join('') + text.slice(at + cut));
  const text = fc.oneof(
    { weight: 6, arbitrary: spoiled },
    fc.array(crumbs, { maxLength: 7 }).map((fields) => fields.join(' ')),
    fc.tuple(zone, spoiled).map(([name, rest]) => `CRON_TZ=${name} ${rest}`),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.tuple(crumbs, fc.nat(500)).map(([some, times]) => some.repeat(times)),
    fc.tuple(scrap, fc.nat(2_000)).map(([some, times]) => `0 0 1${some.repeat(times)} * *`),
  );

  it('is a schedule that fires within its promise, or is refused by name, and soon', () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        text,
        fc.oneof({ weight: 9, arbitrary: zone }, { weight: 1, arbitrary: fc.string() }),
        instant,
        (cron, timezone, after) => {
          const schedule = read(cron, timezone);
          if (!schedule) {
            refused += 1;
            return;
          }
          taken += 1;
          const slot = timed(() => nextSlot(schedule, after)).getTime();
          expect(slot).toBeGreaterThan(after.getTime());
          expect(slot).toBeLessThan(after.getTime() + promiseMs);
          expect(slot % 60_000).toBe(0);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });

  it('means the same however it is spelled', () => {
    const space = fc.constantFrom(' ', '  ', '\t', ' \n ');
    fc.assert(
      fc.property(valid, zone, space, instant, (cron, timezone, gap, after) => {
        const spelled = `${gap}CRON_TZ=${timezone.toLowerCase()}${gap}${cron.toLowerCase().split(' ').join(gap)}${gap}`;
        const expected = nextSlot(parseSchedule(cron.toUpperCase(), timezone), after);
        expect(nextSlot(parseSchedule(spelled, 'no zone'), after)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('any schedule', () => {
  it('has strictly increasing slots, and every way to ask gives the same ones', () => {
    fc.assert(
      fc.property(valid, zone, instant, fc.double({ min: 0, max: 1, noNaN: true }), (...given) => {
        const [cron, timezone, after, where] = given;
        const schedule = parseSchedule(cron, timezone);
        const slots: Date[] = [];
        for (let at = after; slots.length < 12; slots.push(at)) {
          const next = nextSlot(schedule, at);
          const [before, wait] = [at.getTime(), next.getTime() - at.getTime()];
          expect(wait).toBeGreaterThan(0);
          // from any instant in between
          for (const asked of [before + Math.floor((wait - 1) * where), before + wait - 1])
            expect(nextSlot(schedule, new Date(asked))).toEqual(next);
          at = next;
        }
        const last = slots.at(-1)!;
        expect(slotsBetween(schedule, after, last, 1000)).toEqual(slots);
        expect(slotsBetween(schedule, after, last, 5)).toEqual(slots.slice(0, 5));
        const found = { first: slots[0], last };
        expect(slotsMissed(schedule, after, last)).toEqual({ ...found, count: 12, capped: false });
        expect(slotsMissed(schedule, after, last, 3)).toEqual({ ...found, count: 3, capped: true });
      }),
      { numRuns: 500 },
    );
  });

  it('fires only at wall times that it names, or at the end of a gap', () => {
    fc.assert(
      fc.property(valid, zone, instant, (cron, timezone, after) => {
        const schedule = parseSchedule(cron, timezone);
        const { isDay, isMinute } = meaningOf(cron);
        const format = { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' } as const;
        const reader = new Intl.DateTimeFormat('sv-SE', format);
        const shown = (at: number) =>
          Date.parse(`${reader.format(at).replace(' ', 'T')}Z`) / 60_000;
        for (const slot of slotsBetween(schedule, after, new Date('2070-01-01T00:00Z'), 12)) {
          const wall = shown(slot.getTime());
          const named = isDay(Math.floor(wall / 1440)) && isMinute[wall % 1440]!;
          const endOfGap = wall - shown(slot.getTime() - 60_000) > 1;
          expect(named || (endOfGap && !schedule.elapsed)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('however rare', () => {
  const someZones = everyZone.filter((_, index) => index % 5 === 0);
  const rare = [
    ['0 0 29 2 *', 'fires'],
    ['* * 29 2 *', 'fires'],
    ['0 0 * 2 1#5', 'fires'],
    ['59 23 31 12 *', 'fires'],
    ['*/59 23 29 2 0#5', 'fires'],
    ['0 0 31 2 *', 'is refused'],
    ['* * 30,31 2 *', 'is refused'],
    ['0 0 31 2,4,6,9,11 *', 'is refused'],
  ] as const;

  it.each(rare)('%j %s quickly, from any year', (cron, fate) => {
    for (const [index, timezone] of someZones.entries()) {
      const schedule = read(cron, timezone);
      expect(schedule !== null).toBe(fate === 'fires');
      if (!schedule) continue;
      const after = new Date(Date.UTC(2000 + (index % 100), index % 12, 1 + (index % 28)));
      const slot = timed(() => nextSlot(schedule, after));
      expect(slot.getTime()).toBeLessThan(after.getTime() + promiseMs);
    }
  });

  it('what the clocks jump every time is refused quickly too', () => {
    // the second Sunday of March, from 02:00 on, is the gap of most of North America since 2007
    const jumped = ['America/New_York', ...someZones].filter(
      (timezone) => read('*/5 2 * 3 0#2', timezone) === null,
    );
    expect(jumped).toContain('America/New_York');
    expect(jumped).not.toContain('Europe/Berlin');
    expect(jumped.length).toBeLessThan(someZones.length / 2);
  });
});
