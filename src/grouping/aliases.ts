/** Which template is an alias of which: a union-find in which the older one stays. */
import { byAge } from './shape.ts';
import type { Merge } from './miner.ts';

export class Aliases {
  readonly #into = new Map<string, string>();

  /** From what is stored; a cycle, which only an edit by hand can make, ends at its oldest id. */
  set(from: string, into: string): void {
    if (this.canonical(into) !== this.canonical(from)) this.#into.set(from, into);
  }

  canonical(id: string): string {
    let end = id;
    for (let into = this.#into.get(end); into !== undefined; into = this.#into.get(end)) end = into;
    // The next walk is one step.
    for (let at = id; at !== end;) {
      const into = this.#into.get(at)!;
      this.#into.set(at, end);
      at = into;
    }
    return end;
  }

  /** Makes one template of several; answers which canonical ones became aliases. */
  unite(ids: readonly string[]): Merge[] {
    const ends = [...new Set(ids.map((id) => this.canonical(id)))].toSorted(byAge);
    const [into, ...rest] = ends;
    for (const from of rest) this.#into.set(from, into!);
    return rest.map((from) => ({ from, into: into! }));
  }
}
