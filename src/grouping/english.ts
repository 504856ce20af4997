/** What kind of word a token is, as far as its form tells. */
import { anyWord, value } from './template.ts';

const small = new Set('to of for in on at by with from into and or as via over per'.split(' '));

/** One of these more, less, or in place of another makes it another message. */
const turning = new Set(
  `not no never without cannot except unless failure fail error success successfully retry again already
  invalid valid missing unknown timeout before after first last old new max min maximum minimum above below
  read write inbound outbound source target`.split(/\s+/),
);

/** What has a name of its own, which follows it. */
const named = new Set(
  `user username account host hostname server node table relation column database schema class module package service
  queue topic bucket file directory device interface component`.split(/\s+/),
);

/** Between which things something is: these words hold a sentence together and say nothing alone. */
export const isSmall = (word: string): boolean => small.has(word);

export const turns = (word: string): boolean => turning.has(word);

/** Says what a message is about: a word that is not small. */
export const isContent = (token: string): boolean =>
  token !== value && token !== anyWord && !isSmall(token.toLowerCase());

/** May be a name or another value: not what happened (`started`, `starting`), and no word that turns a sentence. */
export function isName(token: string): boolean {
  const word = token.toLowerCase();
  return !isSmall(word) && !turns(word) && !(word.length > 4 && /(?:ed|ing)$/.test(word));
}

/** `for user <here>`, `invalid user <here> from`: the words around announce a name, and not `user profile not found`. */
export function namesPosition(tokens: readonly string[], at: number): boolean {
  if (at === 0 || !named.has(tokens[at - 1]!.toLowerCase())) return false;
  const [before, after] = [tokens[at - 2], tokens[at + 1]];
  return [before, after].some((word) => word !== undefined && isSmall(word.toLowerCase()));
}
