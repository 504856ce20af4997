import type { Command, Option } from 'commander';
import { UsageError } from '../../ground/errors.ts';
import { isList, oneOf } from './words.ts';

/** An empty text is a value of these: it takes away what was there. */
const mayBeEmpty = new Set(['--description']);

/**
 * Holds all options and arguments of a command to one habit (docs/cli.md), whichever command defines them: a word that is
 * none of its choices is refused with the nearest; an option that takes one value is not given two, of which the last
 * would win in silence; an empty text, as an unset variable of a script gives it, is no value.
 */
export function holdToHabit(command: Command): void {
  for (const argument of command.registeredArguments)
    if (argument.argChoices) argument.argParser(oneOf(argument.name(), argument.argChoices));
  for (const option of command.options) {
    if (!option.required) continue;
    if (option.argChoices && !isList(option))
      option.argParser(oneOf(option.long!, option.argChoices));
    const parse = option.parseArg;
    let before: string | undefined;
    option.argParser<unknown>((text, previous) => {
      refuseEmpty(option, text);
      if (before !== undefined && before !== text && !isList(option)) throw twice(option);
      const value = parse ? parse(text, previous) : text;
      before = text;
      return value;
    });
  }
}

function refuseEmpty({ long }: Option, text: string): void {
  if (text.trim() !== '' || mayBeEmpty.has(long!)) return;
  throw new UsageError({
    what: `${long} is empty`,
    why: 'an empty text says nothing; a variable that is not set gives one',
    hint: 'write the value, or leave the option out',
  });
}

/** It does not repeat the values: one of them may be a secret that was typed in the wrong place. */
const twice = ({ long }: Option): UsageError =>
  new UsageError({
    what: `${long} is given twice, with different values`,
    why: 'it takes one value, and the last would win in silence',
    hint: `give ${long} once`,
  });
