import { UsageError } from '../errors.ts';

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

/** Reads `90s`, `30m`, `24h`, `7d` or `2w` as seconds. */
export const seconds =
  (flag: string) =>
  (text: string): number => {
    const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
    if (unit) return Number(count) * unitSeconds[unit]!;
    throw new UsageError({
      what: `${flag} cannot be ${JSON.stringify(text)}`,
      why: 'it has to be a number with one of s, m, h, d, w behind it',
      hint: `for example ${flag} 24h`,
    });
  };

/** `--limit`, the same on every list. */
export const limitOption = [
  '-l, --limit <n>',
  'rows at most',
  wholeNumber('--limit', 1, 1_000_000),
] as const;

export const jsonOption = ['--json', 'print one JSON document'] as const;
