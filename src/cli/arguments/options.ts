import { UsageError } from '../../ground/errors.ts';

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
