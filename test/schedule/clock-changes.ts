/** What the clocks of the world show, minute by minute, asked of Intl alone. */

export const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
/** Read before and after a window, so that an overlap or a gap at its edge is seen whole. */
const leadMs = 26 * hourMs;

/** Every zone that Intl lists; UTC is none of them. */
export const everyZone: readonly string[] = [
  ...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']),
];

/** Local wall time minus UTC in ms; whole minutes, as everywhere since 1972. */
function offsetReader(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  // '2026-03-08 03:00:00'
  return (instant) => {
    const offset = Date.parse(`${format.format(instant).replace(' ', 'T')}Z`) - instant;
    if (offset % minuteMs !== 0) throw new Error(`${zone} is ${offset} ms off at ${instant}`);
    return offset;
  };
}

export interface ClockChange {
  /** The first instant with the new offset, UTC ms. */
  at: number;
  before: number;
  after: number;
}

/** All changes in [from, until), whole minutes; two within one step that cancel out are not seen. */
export function clockChanges(
  zone: string,
  from: number,
  until: number,
  step = dayMs,
): ClockChange[] {
  const offsetAt = offsetReader(zone);
  const changes: ClockChange[] = [];
  let before = offsetAt(from);
  for (let at = from; at < until;) {
    const next = Math.min(at + step, until);
    if (offsetAt(next) === before) {
      at = next;
      continue;
    }
    let changed = next;
    while (changed - at > minuteMs) {
      const middle = at + Math.floor((changed - at) / 2 / minuteMs) * minuteMs;
      if (offsetAt(middle) === before) at = middle;
      else changed = middle;
    }
    at = changed;
    const after = offsetAt(at);
    changes.push({ at, before, after });
    before = after;
  }
  return changes;
}

/** Real time around an instant and what the clocks of some zones, which all agree, show in it. */
export interface Tape {
  zones: readonly string[];
  /** The window under test is (from, until]; UTC ms. */
  from: number;
  until: number;
  /** The change in the middle; both offsets are the same where clocks only run on. */
  change: ClockChange;
  /** The tape begins here, ahead of the window. */
  start: number;
  /** The wall time of each minute, in minutes since 1970-01-01 00:00 on the local clock. */
  walls: Int32Array;
  /** The wall time of `firstShown[0]`. */
  lowest: number;
  /** By wall time: the first instant that shows it, for one in a gap the first instant after it. */
  firstShown: Float64Array;
}

function tapeOf(zones: string[], change: ClockChange, aroundMs: number): Tape {
  const [from, until] = [change.at - aroundMs, change.at + aroundMs];
  const start = from - leadMs;
  const offsetAt = offsetReader(zones[0]!);
  const walls = new Int32Array((until + leadMs - start) / minuteMs);
  for (let index = 0; index < walls.length; index++) {
    const instant = start + index * minuteMs;
    walls[index] = (instant + offsetAt(instant)) / minuteMs;
  }
  let lowest = walls[0]!;
  let highest = lowest;
  for (const wall of walls) [lowest, highest] = [Math.min(lowest, wall), Math.max(highest, wall)];
  const firstShown = new Float64Array(highest - lowest + 1).fill(Number.NaN);
  for (let index = walls.length - 1; index >= 0; index--)
    firstShown[walls[index]! - lowest] = start + index * minuteMs;
  for (let index = firstShown.length - 2; index >= 0; index--)
    if (Number.isNaN(firstShown[index])) firstShown[index] = firstShown[index + 1]!;
  return { zones, from, until, change, start, walls, lowest, firstShown };
}

/**
 * One tape for every distinct clock change of these zones from the first year to the last, both
 * included, and one for every offset of a zone whose clocks never change in them. Zones whose clocks
 * do the same around an instant share its tape.
 */
export function tapesOf(
  zones: readonly string[],
  [first, last]: readonly [number, number],
  { hours, step }: { hours: number; step?: number },
): Tape[] {
  const aroundMs = hours * hourMs;
  const shared = new Map<string, { change: ClockChange; zones: string[] }>();
  for (const zone of zones) {
    const changes = clockChanges(zone, Date.UTC(first, 0, 1), Date.UTC(last + 1, 0, 1), step);
    if (changes.length === 0) {
      const at = Date.UTC(first, 6, 1);
      const offset = offsetReader(zone)(at);
      changes.push({ at, before: offset, after: offset });
    }
    for (const change of changes) {
      const near = changes.filter(({ at }) => Math.abs(at - change.at) <= aroundMs + leadMs);
      const key = JSON.stringify([change, near]);
      const known = shared.get(key);
      if (known) known.zones.push(zone);
      else shared.set(key, { change, zones: [zone] });
    }
  }
  return [...shared.values()].map((one) => tapeOf(one.zones, one.change, aroundMs));
}
