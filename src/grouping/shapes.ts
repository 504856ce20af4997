/** The shapes of one scope, and which of them a line fits. */
import { Buckets } from './buckets.ts';
import { anyWordHash, keyOf, keyWith } from './keys.ts';
import { byAge, covers, type Row, type Shape } from './shape.ts';

/** Positions at which shapes of one length have `anyWord`, and how many shapes have it at just these. */
interface Pattern {
  readonly positions: readonly number[];
  shapes: number;
}

export class Shapes {
  readonly #byKey = new Buckets<number>();
  readonly #patterns = new Map<number, Pattern[]>();
  readonly #all = new Set<Shape>();

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Shape> {
    return this.#all.values();
  }

  add(shape: Shape): void {
    this.#all.add(shape);
    this.#byKey.add(shape.key, shape);
    if (shape.anyWords.length === 0) return;
    const patterns = this.#patterns.get(shape.count) ?? [];
    if (patterns.length === 0) this.#patterns.set(shape.count, patterns);
    const pattern = patterns.find(({ positions }) => same(positions, shape.anyWords));
    if (pattern) pattern.shapes++;
    else patterns.push({ positions: shape.anyWords, shapes: 1 });
  }

  remove(shape: Shape): void {
    this.#all.delete(shape);
    this.#byKey.remove(shape.key, shape);
    if (shape.anyWords.length === 0) return;
    const patterns = this.#patterns.get(shape.count)!;
    const at = patterns.findIndex(({ positions }) => same(positions, shape.anyWords));
    if (--patterns[at]!.shapes > 0) return;
    patterns.splice(at, 1);
    if (patterns.length === 0) this.#patterns.delete(shape.count);
  }

  /**
   * The shape with exactly these tokens; else the one that covers them and leaves the fewest words open; else, of several,
   * the oldest. So the answer does not depend on the order in which shapes came to be here.
   */
  find(row: Row): Shape | undefined {
    const key = keyOf(row.hashes, row.count);
    const exact = this.#covering(row, key, 0);
    if (exact) return exact;
    let best: Shape | undefined;
    for (const { positions } of this.#patterns.get(row.count) ?? []) {
      if (best && positions.length > best.anyWords.length) continue;
      let open = key;
      for (const at of positions) open = keyWith(open, at, row.hashes[at]!, anyWordHash);
      const found = this.#covering(row, open, positions.length);
      if (found && (!best || isBetter(found, best))) best = found;
    }
    return best;
  }

  #covering(row: Row, key: number, open: number): Shape | undefined {
    let best: Shape | undefined;
    for (const shape of this.#byKey.get(key))
      if ((open === 0 || shape.anyWords.length === open) && covers(shape, row))
        if (!best || isBetter(shape, best)) best = shape;
    return best;
  }
}

const isBetter = (one: Shape, other: Shape): boolean =>
  (one.anyWords.length - other.anyWords.length || byAge(one.id, other.id)) < 0;

const same = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((at, index) => at === other[index]);
