/** All templates: by scope, with what is an alias of what, and what changed since it was last asked. */
import { Aliases } from './aliases.ts';
import { Journal } from './journal.ts';
import type { MinerLimits } from './limits.ts';
import type { Line } from './line.ts';
import type { MinerChanges } from './miner.ts';
import { readable } from './readable.ts';
import { Scope } from './scope.ts';
import { shapeOf, type Shape } from './shape.ts';
import { anyWord, type StoredTemplate } from './template.ts';

/** The flood of all scopes together. */
const everyScope = '';

export class Templates {
  readonly #scopes = new Map<string, Scope>();
  readonly #floods = new Map<string, string>();
  readonly #pinned = new Set<string>();
  readonly #aliases = new Aliases();
  readonly #journal = new Journal();
  readonly #newId: () => string;
  readonly #limits: MinerLimits;
  #size = 0;

  constructor(stored: Iterable<StoredTemplate>, newId: () => string, limits: MinerLimits) {
    this.#newId = newId;
    this.#limits = limits;
    const shapes = new Map<string, Shape[]>();
    for (const { id, scope, tokens, mergedInto, flood, pinned } of stored) {
      if (pinned) this.#pinned.add(id);
      if (mergedInto !== null) this.#aliases.set(id, mergedInto);
      if (flood) this.#floods.set(scope, id);
      else {
        const ofScope = shapes.get(scope);
        if (ofScope) ofScope.push(shapeOf(id, tokens));
        else shapes.set(scope, [shapeOf(id, tokens)]);
      }
    }
    for (const [name, ofScope] of shapes) {
      const scope = this.#scopeNamed(name);
      scope.load(ofScope);
      this.#size += scope.size;
    }
    this.#size += this.#floods.size;
  }

  canonical(id: string): string {
    return this.#aliases.canonical(id);
  }

  idOf(scopeText: string, line: Line): string {
    // Only a text that is its own name is a key of the map.
    const known = this.#scopes.get(scopeText);
    const name = known ? scopeText : this.#nameOf(scopeText);
    const scope = known ?? this.#scopes.get(name);
    const shape = scope?.find(line);
    if (shape) return this.canonical(shape.id);
    const isFull = (scope?.size ?? 0) >= this.#limits.maxTemplatesOfScope;
    if (isFull || this.#size >= this.#limits.maxTemplates) return this.#flood(name);
    return this.#open(name, line);
  }

  changes(): MinerChanges {
    return this.#journal.take();
  }

  #open(name: string, line: Line): string {
    const scope = this.#scopeNamed(name);
    const before = scope.size;
    const id = this.#newId();
    const tokens = line.tokens();
    this.#journal.opened({
      id,
      scope: name,
      tokens,
      mergedInto: null,
      flood: false,
      pinned: false,
    });
    scope.open(shapeOf(id, tokens), {
      unite: (ids) => {
        for (const merge of this.#aliases.unite(ids)) this.#journal.merged(merge);
      },
      generalised: (shape) => this.#journal.changed(name, shape),
    });
    this.#size += scope.size - before;
    return this.canonical(id);
  }

  /** The catch-all of the scope; of all scopes, once there is no room for one more. */
  #flood(scope: string): string {
    const name =
      this.#size >= this.#limits.maxTemplates && !this.#floods.has(scope) ? everyScope : scope;
    const known = this.#floods.get(name);
    if (known !== undefined) return this.canonical(known);
    const id = this.#newId();
    this.#floods.set(name, id);
    this.#size++;
    this.#journal.opened({
      id,
      scope: name,
      tokens: [anyWord],
      mergedInto: null,
      flood: true,
      pinned: false,
    });
    return id;
  }

  #scopeNamed(name: string): Scope {
    const known = this.#scopes.get(name);
    if (known) return known;
    const scope = new Scope(this.#aliases, this.#pinned);
    this.#scopes.set(name, scope);
    return scope;
  }

  #nameOf(scope: string): string {
    return readable(scope, this.#limits.maxScopeLength).replaceAll('\0', '');
  }
}
