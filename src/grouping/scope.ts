/**
 * The templates of one scope. Of the shapes that are stored only those count that no other shape covers: this rule holds
 * after a restart as it did before, so that what is remembered follows from what is stored.
 */
import type { Aliases } from './aliases.ts';
import { Rewordings } from './rewordings.ts';
import { covers, rowOf, shapeOf, byAge, type Row, type Shape } from './shape.ts';
import { Shapes } from './shapes.ts';
import { anyWord } from './template.ts';
import { Variants } from './variants.ts';

/** What opening a template, or learning that one is more general, did. */
export interface Effects {
  /** these templates became one */
  unite(ids: readonly string[]): void;
  /** this template has these tokens now */
  generalised(shape: Shape): void;
}

export class Scope {
  readonly #shapes = new Shapes();
  readonly #variants = new Variants();
  readonly #rewordings = new Rewordings();
  readonly #aliases: Aliases;
  /** templates that an operator placed; no rule touches what belongs to them */
  readonly #pinned: ReadonlySet<string>;

  constructor(aliases: Aliases, pinned: ReadonlySet<string>) {
    this.#aliases = aliases;
    this.#pinned = pinned;
  }

  get size(): number {
    return this.#shapes.size;
  }

  find(row: Row): Shape | undefined {
    return this.#shapes.find(row);
  }

  /** What is stored, the most general first, so that what one of them covers is left out. */
  load(shapes: readonly Shape[]): void {
    const ordered = shapes.toSorted(
      (one, other) => other.anyWords.length - one.anyWords.length || byAge(one.id, other.id),
    );
    for (const shape of ordered) {
      const found = this.#shapes.find(rowOf(shape));
      if (!found || (this.#isFixed(shape) && !isSame(found, shape))) this.#add(shape);
    }
  }

  /** Remembers a shape that fits none, and makes of it and others what the rules say. */
  open(shape: Shape, effects: Effects): void {
    this.#add(shape);
    for (let newest: Shape | undefined = shape; newest;) {
      this.#uniteRewordings(newest, effects);
      this.#uniteNames(newest, effects);
      newest = this.#generalise(newest, effects);
    }
  }

  #uniteRewordings(shape: Shape, effects: Effects): void {
    const isCanonical = ({ id }: Shape) => this.#aliases.canonical(id) === id;
    const others = this.#rewordings.of(shape, isCanonical);
    if (others.length > 0) effects.unite([shape, ...others].map(({ id }) => id));
  }

  #uniteNames(shape: Shape, effects: Effects): void {
    const others = this.#variants.namedElsewhere(shape);
    if (others.length > 0) effects.unite([shape, ...others].map(({ id }) => id));
  }

  /** The shape that covers `shape` and those that differ from it in one word, if they are enough. The oldest id keeps it. */
  #generalise(shape: Shape, effects: Effects): Shape | undefined {
    const around = this.#variants.enoughAround(shape);
    if (!around) return undefined;
    const oldest = around.shapes.toSorted((one, other) => byAge(one.id, other.id))[0]!;
    const general = shapeOf(oldest.id, oldest.tokens.with(around.at, anyWord));
    const covered = [...this.#shapes].filter(
      (one) => !this.#isFixed(one) && covers(general, rowOf(one)),
    );
    for (const one of covered) this.#remove(one);
    this.#add(general);
    effects.generalised(general);
    effects.unite(covered.map(({ id }) => id));
    return general;
  }

  #isFixed({ id }: Shape): boolean {
    return this.#pinned.has(id) || this.#pinned.has(this.#aliases.canonical(id));
  }

  #add(shape: Shape): void {
    this.#shapes.add(shape);
    if (this.#isFixed(shape)) return;
    this.#variants.add(shape);
    this.#rewordings.add(shape);
  }

  #remove(shape: Shape): void {
    this.#shapes.remove(shape);
    this.#variants.remove(shape);
    this.#rewordings.remove(shape);
  }
}

const isSame = (one: Shape, other: Shape): boolean =>
  one.count === other.count && one.tokens.every((token, at) => token === other.tokens[at]);
