/**
 * Says what the clocks of a zone show at an instant. Node 24 has no `Temporal`, so the offsets come from `Intl` and are
 * kept as spans between two clock changes. A wall time is a number here: the milliseconds that its digits would mean in
 * UTC, so that wall = instant + offset.
 */

const dayMs = 86_400_000;
/** More than the largest clock change (a whole day: Pacific/Apia 2011) and the largest offset (under 16 h). */
const maxShiftMs = 26 * 3_600_000;
const blockMs = 400 * dayMs;
/**
 * Two changes within one step that cancel out would be missed. Of all zones from 1970 to 2040 the
 * closest pair is 7 days apart (America/Recife, October 2000; tz database 2026c, every 6 h sampled).
 */
const sampleMs = 6 * dayMs;

/** A span of instants [start, end) in UTC ms with one offset; neighbours may share their offset. */
export interface Stretch {
  start: number;
  end: number;
  /** Local wall time minus UTC, in ms. */
  offset: number;
}

export interface WallClock {
  stretchAt(instant: number): Stretch;
}

const clocks = new Map<string, WallClock>();

/** Names in their usual spelling: `Intl` takes most of a millisecond for each, and a file may define thousands of bots. */
const usualNames = new Set<string>();

/**
 * The zone's own name in its usual spelling, or null if `Intl` does not know it or it is a bare
 * offset. An alias stays as it was written: ICU would turn Europe/Kyiv into Europe/Kiev and EST
 * into America/Panama.
 */
export function zoneName(name: string): string | null {
  if (usualNames.has(name)) return name;
  if (!/^[a-z][\w+/-]*$/i.test(name)) return null;
  try {
    const resolved = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions()
      .timeZone;
    if (resolved === name) usualNames.add(name);
    return resolved.toLowerCase() === name.toLowerCase() ? resolved : name;
  } catch {
    return null;
  }
}

/** The clock of a zone, kept for the life of the process: zones are few. */
export function clockOf(zone: string): WallClock {
  const key = zone.toLowerCase();
  let clock = clocks.get(key);
  if (!clock) clocks.set(key, (clock = readClock(zone)));
  return clock;
}

function readClock(zone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const blocks = new Map<number, Stretch[]>();

  /**
   * The offset in ms at an instant. Intl writes '1/1/1970, GMT-00:44:30', and GMT or GMT+00:00 where there is no offset.
   * Throws on NaN.
   */
  function offsetAt(instant: number): number {
    const match = /GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(format.format(instant));
    if (!match) return 0;
    const [, sign, hours, minutes, seconds = '0'] = match;
    const total = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
    return (sign === '-' ? -total : total) * 1000;
  }

  /** The first whole second in (low, high] that no longer has the offset of `low`. */
  function changeBetween(low: number, high: number, offset: number): number {
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000;
      if (offsetAt(middle) === offset) low = middle;
      else high = middle;
    }
    return high;
  }

  function readBlock(block: number): Stretch[] {
    let start = block * blockMs;
    let offset = offsetAt(start);
    const end = start + blockMs;
    const stretches: Stretch[] = [];
    for (let at = start; at < end;) {
      const next = Math.min(at + sampleMs, end);
      if (offsetAt(next) === offset) {
        at = next;
        continue;
      }
      at = changeBetween(at, next, offset);
      stretches.push({ start, end: at, offset });
      start = at;
      offset = offsetAt(at);
    }
    if (start < end) stretches.push({ start, end, offset });
    return stretches;
  }

  return {
    stretchAt(instant) {
      const block = Math.floor(instant / blockMs);
      let stretches = blocks.get(block);
      if (!stretches) blocks.set(block, (stretches = readBlock(block)));
      return stretches.find(({ end }) => instant < end)!;
    },
  };
}

/**
 * The first instant at which the zone's clock shows this wall time or a later one. Usually the clock shows a wall time
 * once; when clocks are set back over it, this is the first of two instants; when they skip it, the end of the gap.
 */
export function firstShowing(clock: WallClock, wall: number): number {
  let stretch = clock.stretchAt(wall - maxShiftMs);
  for (;;) {
    const instant = Math.max(stretch.start, wall - stretch.offset);
    if (instant < stretch.end) return instant;
    stretch = clock.stretchAt(stretch.end);
  }
}

/** The last instant at which the zone's clock shows this wall time; the end of the gap when the clocks skip it. */
export function lastShowing(clock: WallClock, wall: number): number {
  let found = firstShowing(clock, wall);
  let stretch = clock.stretchAt(found);
  while (stretch.start <= wall + maxShiftMs) {
    const instant = wall - stretch.offset;
    if (instant >= stretch.start && instant < stretch.end) found = instant;
    stretch = clock.stretchAt(stretch.end);
  }
  return found;
}
