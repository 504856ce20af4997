import { UsageError } from '../../ground/errors.ts';
import type { Moment } from '../../services/bots/backfill.ts';

/** Reads a whole number; `flag` is what the person wrote. For commander's argument parsers. */
export const wholeNumber =
  (flag: string, least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= least && value <= most) return value;
    throw new UsageError({
      what: `${flag} cannot be ${JSON.stringify(text)}`,
      why: `it has to be a whole number from ${least} to ${most}`,
      hint: `for example ${flag} ${Math.max(least, Math.min(most, 10))}`,
    });
  };

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `90s`, `2h`, `365d`: in the largest unit up to days that gives a whole number. */
function inUnits(value: number): string {
  const unit =
    ['d', 'h', 'm'].find((one) => value > 0 && value % (unitSeconds[one] ?? 1) === 0) ?? 's';
  return `${value / unitSeconds[unit]!}${unit}`;
}

interface Span {
  /** in seconds */
  least: number;
  most: number;
  /** an example that makes sense for this option */
  example: string;
  /** a number without a unit means seconds */
  bare?: boolean;
}

/** Reads `90s`, `30m`, `24h`, `7d` or `2w` as seconds. */
export const seconds =
  (flag: string, { least, most, example, bare = false }: Span) =>
  (text: string): number => {
    const refuse = (why: string) =>
      new UsageError({
        what: `${flag} cannot be ${JSON.stringify(text)}`,
        why,
        hint: `for example ${flag} ${example}`,
      });
    const [, count, unit] = /^(\d+)([smhdw]?)$/.exec(text) ?? [];
    if (!count || (!unit && !bare))
      throw refuse('it has to be a number followed by s, m, h, d or w');
    const value = Number(count) * unitSeconds[unit || 's']!;
    if (value > most) throw refuse(`it is too long: ${inUnits(most)} at most`);
    if (value < least) throw refuse(`it is too short: ${inUnits(least)} at least`);
    return value;
  };

/**
 * Reads a time, in UTC unless it has an offset (`2026-11-22`, `2026-11-22 09:30`,
 * `2026-11-22T09:30:00+01:00`), or how long ago it was (`24h`, `7d`).
 */
export const moment =
  (flag: string) =>
  (text: string): Moment => {
    if (/^\d+[a-z]?$/i.test(text))
      return {
        secondsAgo: seconds(flag, { least: 1, most: 36_500 * 86_400, example: '24h' })(text),
      };
    const [, day, clock = '00:00', rest = ':00', offset = 'Z'] =
      /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?(Z|[+-]\d\d:\d\d)?$/i.exec(text) ?? [];
    const wall = `${day}T${clock}${rest}`;
    const at = new Date(`${wall}${offset}`);
    // Date reads 30 February as 2 March.
    const written = new Date(`${wall}Z`);
    if (!Number.isNaN(at.getTime()) && written.toISOString().startsWith(wall)) return at;
    throw new UsageError({
      what: `${flag} cannot be ${JSON.stringify(text)}`,
      why: day ? 'there is no such time' : 'it is neither a time nor how long ago it was',
      hint: `for example ${flag} 24h, or ${flag} '2026-11-22 09:00'`,
    });
  };

/** `--limit`, the same on every list. */
export const limitOption = [
  '-l, --limit <n>',
  'rows at most',
  wholeNumber('--limit', 1, 1_000_000),
] as const;

/** The argument of commands whose noun has ids instead of names. */
export const idArgument = ['<id>', 'its id, or at least the first 4 digits of it'] as const;

export const jsonOption = ['--json', 'print one JSON document'] as const;

/**
 * Of every command that asks before it acts (docs/cli.md): without a terminal it acts only with this.
 */
export const yesOption = ['--yes', 'do not ask; needed where there is no terminal'] as const;
