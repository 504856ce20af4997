/**
 * What is left of a template when a release words it slightly otherwise: the same words in the same order, without case,
 * articles, forms of `be` and `have`, and the plural; the ways to say that something cannot be done are one. Words that say
 * what happened stay as they are: `started` and `starting`, `failed` and `succeeded` are two messages.
 */
import { isSmall, turns } from './english.ts';
import { anyWord, value } from './template.ts';

const fillers = new Set(
  'a an the this that these those is was are were be been being has have had will please just'.split(
    ' ',
  ),
);

/** What stands for what, by its first word; of those that begin with the same words, the longest first. */
const phrases = Map.groupBy(
  [
    ['was not able to', 'cannot'],
    ['is not able to', 'cannot'],
    ['not able to', 'cannot'],
    ['can not', 'cannot'],
    ['could not', 'cannot'],
    ["can't", 'cannot'],
    ["couldn't", 'cannot'],
    ['unable to', 'cannot'],
    ['failed to', 'cannot'],
    ['fails to', 'cannot'],
    ['failure to', 'cannot'],
    ['did not', 'not'],
    ['does not', 'not'],
    ['do not', 'not'],
    ["didn't", 'not'],
    ["doesn't", 'not'],
    ["don't", 'not'],
    ["isn't", 'not'],
    ["wasn't", 'not'],
    ['timed out', 'timeout'],
    ['time out', 'timeout'],
    ['time-out', 'timeout'],
  ].map(([said, means]) => [said!.split(' '), means!] as const),
  ([said]) => said[0]!,
);

/** So many words of content have to be the same before one more makes no other message. */
const minContentAround = 5;
const open = '*';

export function meaningOf(tokens: readonly string[]): string[] {
  const words = tokens.map((token) =>
    token === value || token === anyWord ? open : token.toLowerCase().replace('’', "'"),
  );
  const meaning: string[] = [];
  for (let at = 0; at < words.length;) {
    const phrase = phrases
      .get(words[at]!)
      ?.find(([said]) => said.every((word, next) => words[at + next] === word));
    const word = phrase ? phrase[1] : singular(words[at]!);
    at += phrase ? phrase[0].length : 1;
    if (fillers.has(word) || (word === open && meaning.at(-1) === open)) continue;
    meaning.push(word);
  }
  return meaning;
}

const singular = (word: string): string =>
  word.length > 3 && word.endsWith('s') && !/(?:ss|us|is)$/.test(word) ? word.slice(0, -1) : word;

export const contentOf = (meaning: readonly string[]): number =>
  meaning.filter((word) => word !== open && !isSmall(word)).length;

/** Whether `longer` is `shorter` and one word more that does not turn what it says. */
export function addsOneWord(shorter: readonly string[], longer: readonly string[]): boolean {
  if (longer.length !== shorter.length + 1 || contentOf(shorter) < minContentAround) return false;
  let at = 0;
  while (at < shorter.length && shorter[at] === longer[at]) at++;
  for (let next = at; next < shorter.length; next++)
    if (shorter[next] !== longer[next + 1]) return false;
  // Of a run of equal words any may be the one that was added; they are equal.
  return longer[at] !== open && !turns(longer[at]!);
}
