/** The tokens of one stored template, ready to be compared. An alias has its own shape as long as no other one covers it. */
import { anyWordHash, keyOf } from './keys.ts';
import { anyWord, value } from './template.ts';
import { hashOf, isWord } from './words.ts';

export interface Shape {
  readonly id: string;
  readonly tokens: readonly string[];
  readonly count: number;
  readonly hashes: Int32Array;
  readonly key: number;
  /** where it has `anyWord` */
  readonly anyWords: readonly number[];
  /** how many of its tokens are words that every message of it has */
  readonly words: number;
}

/** What can be compared with a shape: a line, or another shape. */
export interface Row {
  readonly count: number;
  readonly hashes: Int32Array;
  /** Whether its token at `at` is `token`, whatever the case. */
  has(at: number, token: string): boolean;
}

export function shapeOf(id: string, tokens: readonly string[]): Shape {
  const hashes = Int32Array.from(tokens, (token) => hashOf(token));
  const anyWords = tokens.flatMap((token, at) => (token === anyWord ? [at] : []));
  const words = tokens.filter((token) => token !== anyWord && token !== value).length;
  return {
    id,
    tokens,
    count: tokens.length,
    hashes,
    key: keyOf(hashes, tokens.length),
    anyWords,
    words,
  };
}

export const rowOf = ({ count, hashes, tokens }: Shape): Row => ({
  count,
  hashes,
  has: (at, token) => isWord(token, tokens[at]!, 0, tokens[at]!.length),
});

/** Whether every message that fits `row` fits `shape`. */
export function covers(shape: Shape, row: Row): boolean {
  if (shape.count !== row.count) return false;
  for (let at = 0; at < shape.count; at++) {
    const hash = shape.hashes[at]!;
    if (hash === anyWordHash && shape.tokens[at] === anyWord) continue;
    if (hash !== row.hashes[at] || !row.has(at, shape.tokens[at]!)) return false;
  }
  return true;
}

/** Ids are numbers as text, of any size: the older one first. */
export function byAge(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}
