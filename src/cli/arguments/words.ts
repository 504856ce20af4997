/** Options whose values are words of a fixed set, one or a list: for an unknown word the error suggests the nearest. */
import { Option } from 'commander';
import { UsageError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { otherSeverities } from '../../ground/severity.ts';
import { printable } from '../../ground/text.ts';

/** For commander's argument parsers; `flag` is what the person wrote. */
export const oneOf =
  <Word extends string>(flag: string, words: readonly Word[]) =>
  (text: string): Word => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new UsageError({
      what: `${flag} cannot be ${JSON.stringify(printable(text))}`,
      why: `it has to be one of ${words.join(', ')}`,
      hint: whatCountsAs(text, words) ?? didYouMean(text, words, `for example ${words[0]}`),
    });
  };

/** A hint for a severity under a name that checks may use, and lists do not; null for any other word. */
function whatCountsAs(text: string, words: readonly string[]): string | null {
  const severity = otherSeverities.get(text);
  return severity !== undefined && words.includes(severity)
    ? `did you mean ${severity}? A finding that a check reports as ${text} is ${severity}`
    : null;
}

/** Options that may be given several times: all of their values are collected. */
const lists = new WeakSet<Option>();
export const isList = (option: Option): boolean => lists.has(option);

/** An option that may be given several times, with a text each. */
export function repeatedOption(flags: string, description: string): Option {
  const option = new Option(flags, `${description}; repeat it for more`);
  option.argParser<string[]>((text, before = []) => [...before, text]);
  lists.add(option);
  return option;
}

/** An option whose value is a list of words: `--severity critical,high`, or the option twice. */
export function listOption<Word extends string>(
  flags: string,
  description: string,
  words: readonly Word[],
): Option {
  const option = new Option(flags, `${description}; several with a comma, or the option again`);
  option.choices(words);
  const parseWord = oneOf(option.long ?? flags, words);
  option.argParser<Word[]>((text, before) => {
    const given = text.split(',').map((word) => word.trim());
    if (given.includes(''))
      throw new UsageError({
        what: `${option.long} has a comma with no word beside it`,
        why: `${JSON.stringify(printable(text))} names ${given.filter(Boolean).length} of the words, and one more that is empty`,
        hint: `leave the comma out: ${option.long} ${given.filter(Boolean).join(',') || words[0]}`,
      });
    return [...new Set([...(before ?? []), ...given.map(parseWord)])];
  });
  lists.add(option);
  return option;
}
