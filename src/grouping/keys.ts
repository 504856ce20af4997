/**
 * The key of a row of tokens is a sum with one part for each position, so that the key with another token at one position
 * costs one subtraction and one addition. Keys only find candidates; whoever looks compares the tokens.
 */
import { anyWord } from './template.ts';
import { hashOf } from './words.ts';

export const anyWordHash = hashOf(anyWord);
/** Stands for one position of which templates may differ; no token has it. */
export const holeHash = hashOf('<>');

/** What a token with this hash adds to the key at this position. */
export function partOf(hash: number, at: number): number {
  let part = Math.imul(hash ^ Math.imul(at + 1, 0x9e3779b1), 0x85ebca6b);
  part ^= part >>> 15;
  return Math.imul(part, 0xc2b2ae35) | 0;
}

export function keyOf(hashes: Int32Array, count: number): number {
  let key = count;
  for (let at = 0; at < count; at++) key = (key + partOf(hashes[at]!, at)) | 0;
  return key;
}

/** `key` after the token at `at` changed from one hash to another. */
export function keyWith(key: number, at: number, from: number, to: number): number {
  return (key - partOf(from, at) + partOf(to, at)) | 0;
}
