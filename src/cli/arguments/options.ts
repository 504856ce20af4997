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

/** The argument of commands that take several ids. */
export const idsArgument = [
  '<ids...>',
  'their ids, or at least the first 4 digits of each',
] as const;

/** The argument of commands about a ticket, and the one of commands that take several. */
export const ticketArgument = ['<ticket>', 'its number, T-42 or 42, or its id'] as const;
export const ticketsArgument = ['<tickets...>', 'their numbers, T-42 or 42, or their ids'] as const;

/** The option of every command that writes down who did something. */
export const asOption = [
  '--as <name>',
  'who does this (the account that runs the command)',
] as const;

export const jsonOption = ['--json', 'print one JSON document'] as const;

/** The option of every command that asks before it acts (docs/cli.md): without a terminal it acts only with this. */
export const yesOption = ['--yes', 'do not ask; needed where there is no terminal'] as const;
