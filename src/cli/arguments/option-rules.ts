import type { Command, Option } from 'commander';
import { UsageError } from '../../ground/errors.ts';
import { isList, oneOf } from './words.ts';

/** Options for which an empty text is a value: it removes the text that was there. */
const mayBeEmpty = new Set(['--description']);

/**
 * Applies the same rules (docs/cli.md) to all options and arguments of a command:
 * - A value that is not one of the choices is refused, and the error suggests the nearest choice.
 * - An option that takes one value is refused when it is given two different ones: only the last would count.
 * - An empty text is refused, because an unset variable of a script gives one; except where it removes a text.
 */
export function applyOptionRules(command: Command): void {
  for (const argument of command.registeredArguments)
    if (argument.argChoices) {
      const parse = oneOf(argument.name(), argument.argChoices);
      if (argument.variadic)
        argument.argParser<string[]>((text, before = []) => [...before, parse(text)]);
      else argument.argParser(parse);
    }
  for (const option of command.options) {
    if (!option.required) continue;
    if (option.argChoices && !isList(option))
      option.argParser(oneOf(option.long!, option.argChoices));
    const parse = option.parseArg;
    let earlier: string | undefined;
    option.argParser<unknown>((text, previous) => {
      checkNotEmpty(option, text);
      if (earlier !== undefined && earlier !== text && !isList(option)) throw givenTwice(option);
      const value = parse ? parse(text, previous) : text;
      earlier = text;
      return value;
    });
  }
}

function checkNotEmpty({ long }: Option, text: string): void {
  if (text.trim() !== '' || mayBeEmpty.has(long!)) return;
  throw new UsageError({
    what: `${long} is empty`,
    why: 'an empty text says nothing; a variable that is not set gives one',
    hint: 'write the value, or leave the option out',
  });
}

/** The error does not repeat the values: one of them may be a secret that was typed in the wrong place. */
const givenTwice = ({ long }: Option): UsageError =>
  new UsageError({
    what: `${long} is given twice, with different values`,
    why: 'it takes one value, and the last one would replace the others without a word',
    hint: `give ${long} once`,
  });
