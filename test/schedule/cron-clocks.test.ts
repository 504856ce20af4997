import { CronExpressionParser } from 'cron-parser';
import { expect, test } from 'vitest';
import { nextSlot, rememberedSchedule, slotsBetween } from '../../src/schedule/cron.ts';
import { clockChanges, dayMs, everyZone, tapesOf } from './clock-changes.ts';
import { compare, type Subject } from './comparison.ts';
import { expressions } from './expressions.ts';

const texts = expressions(1000, 1);
/** So many of all expressions, beginning elsewhere for each tape so that together they take all. */
const part = (size: number, index: number) =>
  Array.from({ length: size }, (_, offset) => texts[(index * size + offset) % texts.length]!);

const cron: Subject = {
  between: (text, zone, from, until) =>
    slotsBetween(rememberedSchedule(text, zone), from, until, 10_000),
  next: (text, zone, after) =>
    after.map((instant) => nextSlot(rememberedSchedule(text, zone), instant)),
};

// all expressions around all of them: node test/schedule/oracle-full.ts
test('around every clock change of five years, in every zone, slots are what the rule says', () => {
  const tapes = tapesOf(everyZone, [2024, 2028], { hours: 18 });
  const { differences, ...compared } = compare(
    tapes,
    ({ zones }, index) => part(Math.max(25, zones.length), index),
    cron,
  );
  expect(differences.slice(0, 3)).toEqual([]);
  expect(compared.zones.size).toBe(everyZone.length);
  expect(compared.texts.size).toBe(1000);
  expect(tapes.length).toBeGreaterThan(200);
  expect(compared.slots).toBeGreaterThan(200_000);
}, 120_000);

test.each([
  ['Pacific/Apia', 2011, 'skipped a day'],
  ['Asia/Pyongyang', 2015, 'went back half an hour for good'],
  ['America/Caracas', 2016, 'went forward half an hour for good'],
  ['America/Sao_Paulo', 2017, 'changed at midnight'],
  ['Asia/Gaza', 2011, 'changed four times'],
  ['Africa/Casablanca', 2012, 'changed four times around Ramadan'],
  ['Antarctica/Casey', 2010, 'went back three hours'],
  ['Europe/Istanbul', 2016, 'stayed on summer time'],
])('so they are in %s in %i, where clocks %s', (zone, year) => {
  const tapes = tapesOf([zone], [year, year], { hours: 36 });
  expect(tapes[0]!.change.before).not.toBe(tapes[0]!.change.after);
  expect(compare(tapes, (_, index) => part(250, index), cron).differences.slice(0, 3)).toEqual([]);
});

test('the comparison is no rubber stamp: what cron-parser makes of clock changes differs', () => {
  const read = (text: string, zone: string, after: Date, until?: Date) =>
    CronExpressionParser.parse(text, {
      tz: zone,
      currentDate: after,
      ...(until ? { endDate: until } : {}),
    });
  const alone: Subject = {
    between(text, zone, from, until) {
      const slots: Date[] = [];
      for (const parsed = read(text, zone, from); ;) {
        const slot = parsed.next().toDate();
        if (slot > until) return slots;
        slots.push(slot);
      }
    },
    next: (text, zone, after) => after.map((instant) => read(text, zone, instant).next().toDate()),
  };
  const tapes = tapesOf(['America/New_York'], [2026, 2026], { hours: 36 });
  const { differences } = compare(tapes, () => ['30 2 * * *', '*/30 1 * * *', '0 12 * * *'], alone);
  expect(new Set(differences.map(({ text }) => text))).toEqual(
    new Set(['30 2 * * *', '*/30 1 * * *']),
  );
});

test('the changes that the comparison stands on are those that are known', () => {
  const changes = clockChanges('America/New_York', Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1));
  expect(changes.map(({ at }) => new Date(at).toISOString())).toEqual([
    '2026-03-08T07:00:00.000Z',
    '2026-11-01T06:00:00.000Z',
  ]);
  const [skipped] = clockChanges('Pacific/Apia', Date.UTC(2011, 11, 1), Date.UTC(2012, 0, 1));
  expect(skipped!.after - skipped!.before).toBe(dayMs);
  expect(clockChanges('UTC', Date.UTC(2024, 0, 1), Date.UTC(2029, 0, 1))).toEqual([]);
});
