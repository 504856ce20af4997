/** Which shapes of one scope differ in one token only, and whether they are enough to show that this token varies. */
import { Buckets } from './buckets.ts';
import { isContent, isName, isSmall, namesPosition } from './english.ts';
import { holeHash, keyWith } from './keys.ts';
import { rowOf, type Shape } from './shape.ts';
import { anyWord, value } from './template.ts';
import { literals } from './words.ts';

/**
 * How many different words it takes. Where words around them say what the message is about, four different ones do not come
 * by chance; with one such word alone, twice as many; where the words before them announce a name, one less.
 */
const variantsNeeded = 4;
const variantsNeededBesideOneWord = 8;
const variantsNeededForNames = 3;
/** With so many words of content around it, a value in its place alone shows that a word varies. */
const minContentAroundName = 5;

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
      const candidates = this.#byHole.get(holeKey(shape, at));
      if (candidates.length < variantsNeededForNames) continue;
      const needed = neededAt(shape, at);
      if (candidates.length < needed) continue;
      const shapes = candidates.filter((other) => differOnlyAt(shape, other, at));
      // Words for what happened tell messages apart, however many there are.
      const counted = shapes.filter(({ tokens }) => isName(tokens[at]!));
      if (counted.length >= needed) return { at, shapes };
    }
    return undefined;
  }

  /** Those that have a name where `shape` has a value, or a value where it has a name, and else the same words. */
  namedElsewhere(shape: Shape): Shape[] {
    return holesOf(shape).flatMap((at) => {
      const others = this.#byHole
        .get(holeKey(shape, at))
        .filter((other) => isNameAndValue(shape, other, at) && differOnlyAt(shape, other, at));
      return others.length > 0 && mayHoldName(shape, at) ? others : [];
    });
  }
}

/**
 * `to`, `from` or the like is next to it, and words of content are on both sides: what stands there has a name, and is not what
 * happened. In a long message it need not be announced.
 */
function mayHoldName({ tokens }: Shape, at: number): boolean {
  const before = tokens.slice(0, at).filter(isContent).length;
  const after = tokens.slice(at + 1).filter(isContent).length;
  if (before + after >= minContentAroundName) return true;
  const isAnnounced = [tokens[at - 1], tokens[at + 1]].some(
    (word) => word !== undefined && isSmall(word.toLowerCase()),
  );
  return isAnnounced && before > 0 && after > 0;
}

function isNameAndValue(one: Shape, other: Shape, at: number): boolean {
  const [first, second] = [one.tokens[at]!, other.tokens[at]!];
  const word = first === value ? second : second === value ? first : value;
  return word !== value && isName(word) && !literals.has(word);
}

function neededAt({ tokens }: Shape, at: number): number {
  const content = tokens.filter((token, other) => other !== at && isContent(token)).length;
  if (content === 1) return variantsNeededBesideOneWord;
  return namesPosition(tokens, at) ? variantsNeededForNames : variantsNeeded;
}

function holesOf({ tokens }: Shape): number[] {
  const content = tokens.filter(isContent).length;
  return tokens.flatMap((token, at) =>
    token !== anyWord && content - (isContent(token) ? 1 : 0) > 0 ? [at] : [],
  );
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
