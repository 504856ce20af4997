/**
 * Every expression around every clock change: `node test/schedule/oracle-full.ts [first year] [last
 * year]`. Takes minutes, prints what it counted, and exits 1 if anything differed. cron-clocks.test.ts
 * compares a part of the same.
 */
import { nextSlot, parseSchedule, slotsBetween } from '../../src/schedule/cron.ts';
import { everyZone, tapesOf } from './clock-changes.ts';
import { compare } from './comparison.ts';
import { expressions } from './expressions.ts';

const [first = 2024, last = first + 4] = process.argv.slice(2).map(Number);
const began = performance.now();
const texts = expressions(1000, 1);
const tapes = tapesOf(everyZone, [first, last], { hours: 36, step: 3_600_000 });
const { zones, comparisons, slots, differences } = compare(tapes, () => texts, {
  between: (text, zone, from, until) =>
    slotsBetween(parseSchedule(text, zone), from, until, 10_000),
  next(text, zone, after) {
    const schedule = parseSchedule(text, zone);
    return after.map((instant) => nextSlot(schedule, instant));
  },
});
for (const difference of differences.slice(0, 20)) console.error(difference);
console.log({
  years: `${first} to ${last}`,
  tzdata: process.versions.tz,
  zones: zones.size,
  changes: tapes.filter(({ change }) => change.before !== change.after).length,
  unchanging: tapes.filter(({ change }) => change.before === change.after).length,
  expressions: texts.length,
  comparisons,
  slots,
  differences: differences.length,
  seconds: Math.round((performance.now() - began) / 1000),
});
process.exitCode = differences.length > 0 ? 1 : 0;
