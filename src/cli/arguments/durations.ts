/** How long, and when: one way for every option. */
import { inUnits, secondsIn, whyUnread, type Span } from '../../ground/duration.ts';
import { UsageError } from '../../ground/errors.ts';
import type { Moment } from '../../services/bots/backfill.ts';

/** Reads `90s`, `30m`, `24h`, `7d`, `2w` or `1h30m` as seconds. A number always has its unit; 0 needs none. */
export const seconds =
  (flag: string, bounds: Span & { example: string }) =>
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
 * Reads a time, in UTC unless it has an offset (`2026-11-22`, `2026-11-22 09:30`,
 * `2026-11-22T09:30:00+01:00`), or how long ago it was (`24h`, `1d12h`).
 */
export const moment =
  (flag: string) =>
  (text: string): Moment => {
    if (/^[\d\s]*\d\s*[a-z\d]*$/i.test(text))
      return {
        secondsAgo: seconds(flag, { least: 1, most: 36_500 * 86_400, example: '24h' })(text),
      };
    const [, day, clock = '00:00', rest = ':00', offset = 'Z'] =
      /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?(Z|[+-]\d\d:\d\d)?$/i.exec(text) ?? [];
    const wall = `${day}T${clock}${rest}`;
    const at = new Date(`${wall}${offset}`);
    // Date reads 30 February as 2 March.
    const exact = new Date(`${wall}Z`);
    if (!Number.isNaN(at.getTime()) && exact.toISOString().startsWith(wall)) return at;
    throw new UsageError({
      what: `${flag} cannot be ${JSON.stringify(text)}`,
      why: day ? 'there is no such time' : 'it is neither a time nor how long ago it was',
      hint: `for example ${flag} 24h, or ${flag} '2026-11-22 09:00'`,
    });
  };
