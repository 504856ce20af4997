/** A map from keys to the shapes that have them. Different shapes may have one key, so each is compared when it is found. */
import type { Shape } from './shape.ts';

const none: readonly Shape[] = [];

export class Buckets<Key> {
  /** Most keys have one shape, and an array for each would cost more than the shapes. */
  readonly #shapes = new Map<Key, Shape | Shape[]>();

  get(key: Key): readonly Shape[] {
    const found = this.#shapes.get(key);
    if (found === undefined) return none;
    return Array.isArray(found) ? found : [found];
  }

  add(key: Key, shape: Shape): void {
    const found = this.#shapes.get(key);
    if (found === undefined) this.#shapes.set(key, shape);
    else if (Array.isArray(found)) found.push(shape);
    else this.#shapes.set(key, [found, shape]);
  }

  remove(key: Key, shape: Shape): void {
    const left = this.get(key).filter((one) => one !== shape);
    if (left.length > 1) this.#shapes.set(key, left);
    else if (left.length === 1) this.#shapes.set(key, left[0]!);
    else this.#shapes.delete(key);
  }
}
