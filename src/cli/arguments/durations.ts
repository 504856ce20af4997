/** Reads durations and times, in the same way for every option. */
import { inUnits, secondsIn, whyUnread, type DurationBounds } from '../../ground/duration.ts';
import { UsageError } from '../../ground/errors.ts';
import { clockOf, firstShowing } from '../../ground/wall-clock.ts';
import { zoneToRead } from '../terminal/own-zone.ts';
import type { Moment } from '../../services/bots/backfill.ts';

/** Reads `90s`, `30m`, `24h`, `7d`, `2w` or `1h30m` as seconds. A number always has its unit; 0 needs none. */
export const seconds =
  (flag: string, bounds: DurationBounds & { example: string }) =>
  (text: string): number => {
    const { least, most, example } = bounds;
    const refuse = (why: string) =>
      new UsageError({
        what: `${flag} cannot be ${JSON.stringify(text)}`,
        why,
        hint: `for example ${flag} ${example}`,
      });
    const value = secondsIn(text);
    if (value === null) throw refuse(whyUnread(text, bounds));
    if (value > most) throw refuse(`it is too long: ${inUnits(most)} at most`);
    if (value < least) throw refuse(`it is too short: ${inUnits(least)} at least`);
    return value;
  };

/**
 * Reads a time (`2026-11-22`, `2026-11-22 09:30`, `2026-11-22T09:30:00+01:00`) or how long ago it was (`24h`, `1d12h`, within
 * the bounds `ago`, in seconds). A time without an offset is in the zone of this process: TZ, else the system's.
 */
export const moment =
  (flag: string, ago: DurationBounds = { least: 1, most: 36_500 * 86_400 }) =>
  (text: string): Moment => {
    if (/^[\d\s]*\d\s*[a-z\d]*$/i.test(text))
      return { secondsAgo: seconds(flag, { ...ago, example: '24h' })(text) };
    const at = instantOf(text, (wall) =>
      firstShowing(clockOf(zoneToRead(flag, text)), Date.parse(`${wall}Z`)),
    );
    if (at instanceof Date) return at;
    throw new UsageError({
      what: `${flag} cannot be ${JSON.stringify(text)}`,
      why:
        at === 'no day' ? 'it is neither a time nor how long ago it was' : 'there is no such time',
      hint: `for example ${flag} 24h, or ${flag} '2026-11-22 09:00'`,
    });
  };

/**
 * Reads a time as the clocks of `zone` show it, unless it has an offset. A time that these clocks skip becomes the first one
 * after the gap; a time that they show twice means the first one.
 */
export function timeIn(flag: string, text: string, zone: string): Date {
  const at = instantOf(text, (wall) => firstShowing(clockOf(zone), Date.parse(`${wall}Z`)));
  if (at instanceof Date) return at;
  throw new UsageError({
    what: `${flag} cannot be ${JSON.stringify(text)}`,
    why: at === 'no day' ? 'it is not a time' : 'there is no such time',
    hint: `for example ${flag} '2026-11-22 09:00'`,
  });
}

/** `instant` reads a wall time without an offset. `no day`: the text does not begin with a date. */
function instantOf(
  text: string,
  instant: (wall: string) => number,
): Date | 'no day' | 'no such time' {
  const [, day, clock = '00:00', secondsPart = ':00', offset] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?(Z|[+-]\d\d:\d\d)?$/i.exec(text) ?? [];
  if (!day) return 'no day';
  const wall = `${day}T${clock}${secondsPart}`;
  // Date reads 30 February as 2 March.
  const exact = new Date(`${wall}Z`);
  if (Number.isNaN(exact.getTime()) || !exact.toISOString().startsWith(wall)) return 'no such time';
  const at = new Date(offset ? `${wall}${offset}` : instant(wall));
  return Number.isNaN(at.getTime()) ? 'no such time' : at;
}
