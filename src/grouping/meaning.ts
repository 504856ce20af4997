/**
 * What is left of a template when a release words it slightly otherwise: the same words in the same order, without case,
 * articles, forms of `be` and `have`, and the plural; the ways to say that something cannot be done are one. Words that say
 * what happened stay as they are: `started` and `starting`, `failed` and `succeeded` are two messages.
 */
import { anyWord, value } from './template.ts';

const fillers = new Set(
  'a an the this that these those is was are were be been being has have had will please just'.split(' '),
);

/** Longest first. */
const phrases: readonly (readonly [said: readonly string[], means: string])[] = [
  ['was not able to', 'cannot'],
  ['is not able to', 'cannot'],
  ['not able to', 'cannot'],
  ['can not', 'cannot'],
  ['could not', 'cannot'],
  ["can't", 'cannot'],
  ['can’t', 'cannot'],
  ["couldn't", 'cannot'],
  ['couldn’t', 'cannot'],
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
].map(([said, means]) => [said!.split(' '), means!] as const);

/** Words that say between which things something is, not what. They count for the order and not as content. */
const small = new Set('to of for in on at by with from into and or as via over per'.split(' '));
/** One of these more, or less, makes it another message. */
const turning = new Set(
  `not no never without cannot un except unless failed failure fail error succeeded success successfully denied refused rejected
  accepted ignored skipped retry retrying again already invalid valid missing unknown timeout before after first last old new
  max min maximum minimum above below read write inbound outbound source target`.split(/\s+/),
);

/** So many words of content have to be the same before one more makes no other message. */
const minContentAround = 5;
const open = '*';

export function meaningOf(tokens: readonly string[]): string[] {
  const words = tokens.map((token) =>
    token === value || token === anyWord ? open : token.toLowerCase(),
  );
  const meaning: string[] = [];
  for (let at = 0; at < words.length; ) {
    const phrase = phrases.find(([said]) => said.every((word, next) => words[at + next] === word));
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
  meaning.filter((word) => word !== open && !small.has(word)).length;

/** Whether `longer` is `shorter` and one word more that does not turn what it says. */
export function addsOneWord(shorter: readonly string[], longer: readonly string[]): boolean {
  if (longer.length !== shorter.length + 1 || contentOf(shorter) < minContentAround) return false;
  let at = 0;
  while (at < shorter.length && shorter[at] === longer[at]) at++;
  for (let next = at; next < shorter.length; next++)
    if (shorter[next] !== longer[next + 1]) return false;
  // Of a run of equal words any may be the one that was added; they are equal.
  return longer[at] !== open && !turning.has(longer[at]!);
}
