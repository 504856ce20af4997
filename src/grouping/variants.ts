/** Which shapes of one scope differ in one token only. */
import { Buckets } from './buckets.ts';
import { holeHash, keyWith } from './keys.ts';
import { rowOf, type Shape } from './shape.ts';
import { anyWord, value } from './template.ts';

/** With two words that stay, four different ones at a position show that it varies; with one word it takes twice as many. */
const variantsNeeded = 4;
const variantsNeededBesideOneWord = 8;

export class Variants {
  readonly #byHole = new Buckets<number>();

  add(shape: Shape): void {
    for (const at of holesOf(shape)) this.#byHole.add(holeKey(shape, at), shape);
  }

  remove(shape: Shape): void {
    for (const at of holesOf(shape)) this.#byHole.remove(holeKey(shape, at), shape);
  }

  /** The first position at which enough shapes differ from `shape`, and these shapes, itself among them. */
  enoughAround(shape: Shape): { at: number; shapes: Shape[] } | undefined {
    for (const at of holesOf(shape)) {
      const needed = wordsBeside(shape, at) === 1 ? variantsNeededBesideOneWord : variantsNeeded;
      const candidates = this.#byHole.get(holeKey(shape, at));
      if (candidates.length < needed) continue;
      const shapes = candidates.filter((other) => differOnlyAt(shape, other, at));
      if (shapes.length >= needed) return { at, shapes };
    }
    return undefined;
  }
}

const wordsBeside = ({ tokens, words }: Shape, at: number): number =>
  tokens[at] === value ? words : words - 1;

function holesOf(shape: Shape): number[] {
  const holes = [];
  for (let at = 0; at < shape.count; at++)
    if (shape.tokens[at] !== anyWord && wordsBeside(shape, at) > 0) holes.push(at);
  return holes;
}

const holeKey = (shape: Shape, at: number): number =>
  keyWith(shape.key, at, shape.hashes[at]!, holeHash);

function differOnlyAt(shape: Shape, other: Shape, hole: number): boolean {
  if (shape.count !== other.count) return false;
  const row = rowOf(other);
  for (let at = 0; at < shape.count; at++)
    if (at !== hole && !row.has(at, shape.tokens[at]!)) return false;
  return true;
}
