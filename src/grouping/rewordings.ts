/** Which templates of one scope say the same in slightly other words. */
import { Buckets } from './buckets.ts';
import { addsOneWord, contentOf, meaningOf } from './meaning.ts';
import { byAge, type Shape } from './shape.ts';

/** With less content than this, only the words themselves tell messages apart. */
const minContent = 2;

export class Rewordings {
  readonly #byMeaning = new Buckets<string>();
  readonly #meanings = new Map<Shape, readonly string[]>();

  add(shape: Shape): void {
    const meaning = meaningOf(shape.tokens);
    this.#meanings.set(shape, meaning);
    this.#byMeaning.add(meaning.join(' '), shape);
  }

  remove(shape: Shape): void {
    const meaning = this.#meanings.get(shape);
    if (!meaning) return;
    this.#meanings.delete(shape);
    this.#byMeaning.remove(meaning.join(' '), shape);
  }

  /**
   * Others that mean what `shape` means: all with the same meaning; without one, the oldest of which it is one word longer
   * or shorter. `mayLead` says for which that counts: templates that are no aliases, so that a message cannot drift word by
   * word into another one.
   */
  of(shape: Shape, mayLead: (other: Shape) => boolean): Shape[] {
    const meaning = this.#meanings.get(shape)!;
    if (contentOf(meaning) < minContent) return [];
    const same = this.#byMeaning.get(meaning.join(' ')).filter((other) => other !== shape);
    if (same.length > 0 || !mayLead(shape)) return same;
    const near = [...this.#meanings].filter(
      ([other, theirs]) =>
        other !== shape &&
        Math.abs(theirs.length - meaning.length) === 1 &&
        (addsOneWord(meaning, theirs) || addsOneWord(theirs, meaning)) &&
        mayLead(other),
    );
    return near
      .map(([other]) => other)
      .toSorted((one, other) => byAge(one.id, other.id))
      .slice(0, 1);
  }
}
