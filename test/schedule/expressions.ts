/** Schedules to try the clocks with: the same ones every time, from a seed. */
import { dayMs } from './clock-changes.ts';
import { meaningOf, valuesOf } from './oracle.ts';

/** A source of numbers in [0, below), whole ones; mulberry32. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Fields of every shape that the grammar has, most of them over the hours at which clocks change. */
const classics = `
@yearly|@annually|@monthly|@weekly|@daily|@midnight|@hourly|@Hourly
* * * * *|*/5 * * * *|*/7 * * * *|*/59 * * * *|*/60 * * * *|0-59 * * * *|*/1 */1 */1 */1 */1
*/30 1 * * *|*/30 2 * * *|*/20 0 * * *|*/15,7 23 * * *|* 3 * * *|* 0 * * *|* 0-3 * * *|* 23 * * *
0 * * * *|59 * * * *|17,43 * * * *|30 */2 * * *|0 */3 * * *|45 */1 * * *|10 1-5/2,*/12 * * *
0 0 * * *|30 0 * * *|0 1 * * *|30 1 * * *|59 1 * * *|0 2 * * *|15 2 * * *|30 2 * * *|15,45 2 * * *
45 2 * * *|0 3 * * *|1 3 * * *|0,30 0-4 * * *|0-59 2 * * *|0-59/7 0-23 * * *|5/10 22,23,0 * * *
30 23 * * *|45 22 * * *|0 12 * * *|59 23 * * *|29,30,31 1,2,3 * * *|0,29,30,31,59 0-23 * * *
0-59 0-23 * * *|0 0-23 * * *|0,30 2 * * *|59 1-2 * * *|0 2,3 * * *|5/60 * * * *|00 07 * * *
30 2 * * 0|30 2 * * 7|30 2 * * SUN|30 2 * * sun,sat|30 0 * * 5-7|0 1 * * 0-7|0 1 * * SUN-7
0 9 * * 1-5|0 9 * * MON-FRI|0 9 * * mon|*/10 9-17 * * 1-5|0 2 * * */2|0 2 * * */7|0 2 * * 3/2
0 0 1 * *|30 1 L * *|30 1 15,L * *|0 0 L,31 * *|0 3 28-31 * *|0 2 */2 * *|0 2 */31 * *|0 2 5/7 * *
0 0 1 * 1|0 9 1 * 1|15 2 1,8,29 * 6|0 2 1-31 * 1|0 2 1 * 0-6|0 0 13 * 5|0 2 8 3 0|0 2 1 * */1
0 0 */1 * 5|0 2 L * 0|0 2 1-31/2 * 1|0 2 13 * 5#2|0 2 L * 5L|0 1 31 2 SUN
30 1 * 3,4,9-11 sun|0 2 * JAN *|0 2 * mar-apr,OCT-nov *|30 2 * 3 *|*/15 1 * 11 *|0 2 * */3 *
0 2 * 2/3 *|0 2 * jan/3 MON|0 0 29 2 *|0 0 1 1 *|0 0 31 12 *|59 23 31 12 *|30 2 31 1,3,10 *
0 0 * * 5L|*/10 0-3 * * 7L|30 1 * * sunL|0 2 * * 1L,3L|0 2 * * 5L,1|5 0 * * 0#2|30 2 * 3 0#2
30 1 * 11 0#1|*/5 1 * 10 7#4|0 2 * * SAT#1|0 0 * * 1#5|0 0 L 2 *`
  .split(/[|\n]/)
  .filter(Boolean);

/** `count` different expressions: the classics, and others that fire within eight years. */
export function expressions(count: number, seed: number): string[] {
  const below = seeded(seed);
  const one = <Value>(...values: Value[]): Value => values[below(values.length)]!;

  /** A list of values, ranges and steps that names nothing twice. */
  function list(low: number, high: number, often: number[], most: number): string {
    const parts: string[] = [];
    const taken = new Set<number>();
    const value = () => (below(3) > 0 ? one(...often) : low + below(high - low + 1));
    for (let tries = 1 + below(most); tries > 0; tries--) {
      const [a, b] = [value(), value()].toSorted((x, y) => x - y) as [number, number];
      const step = 1 + below(Math.min(9, high - low));
      const part = one(`${a}`, `${a}`, `${a}-${b}`, `${a}-${b}/${step}`, `${a}/${step}`);
      const named = [...valuesOf(part, low, high)].map((each) => (high === 7 ? each % 7 : each));
      if (new Set(named).size < named.length || named.some((each) => taken.has(each))) continue;
      parts.push(part);
      for (const each of named) taken.add(each);
    }
    return parts.join(',') || String(value());
  }

  const minute = () =>
    one('*', `*/${1 + below(60)}`, ...Array.from({ length: 6 }, () => list(0, 59, [0, 30, 59], 3)));
  const hour = () =>
    one(
      '*',
      `*/${1 + below(24)}`,
      ...Array(6)
        .fill(0)
        .map(() => list(0, 23, [0, 1, 2, 3, 23], 3)),
    );
  const monthDay = () => one(list(1, 31, [1, 28, 31], 3), list(1, 31, [8, 29], 3), 'L', '9,L');
  const month = () =>
    one(
      '*',
      '*',
      '*',
      '*',
      `*/${1 + below(4)}`,
      list(1, 12, [3, 4, 10, 11], 3),
      'mar,OCT',
      'Apr-nov',
    );
  const named = () => one(...'0 1 5 6 7 sun MON Fri sat'.split(' '));
  const weekday = () =>
    one(
      list(0, 7, [0, 7, 5, 6], 2),
      named(),
      `${named()}L`,
      `${named()}#${1 + below(5)}`,
      'SUN,fri',
    );

  const all = new Set(classics);
  while (all.size < count) {
    const [day, week] = one(
      ...([
        ['*', '*'],
        ['*', '*'],
        [`*/${2 + below(6)}`, '*'],
        ['*', `*/${2 + below(3)}`],
      ] as const),
      ...([
        ['*', weekday()],
        [monthDay(), '*'],
        [monthDay(), weekday()],
      ] as const),
    );
    const text = [minute(), hour(), day, month(), week].join(' ');
    if (fires(text)) all.add(text);
  }
  return [...all];
}

function fires(text: string): boolean {
  const { isDay } = meaningOf(text);
  const first = Date.UTC(2024, 0, 1) / dayMs;
  for (let day = first; day < first + 8 * 366; day++) if (isDay(day)) return true;
  return false;
}
