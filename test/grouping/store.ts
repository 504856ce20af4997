/** Keeps templates as the tables do: what `changes` tells is all that it ever learns. */
import { createMiner, type Miner } from '../../src/grouping/miner.ts';
import type { MinerLimits } from '../../src/grouping/limits.ts';
import type { StoredTemplate } from '../../src/grouping/template.ts';

export class Store {
  readonly templates = new Map<string, StoredTemplate>();
  readonly #limits: Partial<MinerLimits>;
  #lastId = 0;

  constructor(limits: Partial<MinerLimits> = {}) {
    this.#limits = limits;
  }

  /** A miner as a restart makes it: from the rows, which went through JSON and come in any order. */
  miner(): Miner {
    const rows = JSON.parse(JSON.stringify([...this.templates.values()].toReversed()));
    return createMiner(rows, () => String(++this.#lastId), this.#limits);
  }

  save(miner: Miner): void {
    const { opened, merged, changed } = miner.changes();
    for (const template of opened) {
      if (this.templates.has(template.id)) throw new Error(`${template.id} was opened twice`);
      this.templates.set(template.id, template);
    }
    for (const { id, tokens } of changed) this.edit(id, { tokens });
    for (const { from, into } of merged) this.edit(from, { mergedInto: into });
  }

  edit(id: string, change: Partial<StoredTemplate>): void {
    const before = this.templates.get(id);
    if (!before) throw new Error(`${id} is changed and was never opened`);
    this.templates.set(id, { ...before, ...change });
  }

  /** `<*>` in place of both kinds of what varies, for people. */
  text(id: string): string {
    const tokens = this.templates.get(id)?.tokens ?? [];
    return tokens.map((token) => (token.startsWith('<') ? '<*>' : token)).join(' ');
  }
}

/** For each message the canonical id once all are added; the groups in the order of their first messages, from 0. */
export function groupsOf(messages: readonly string[], scope = 'Error'): number[] {
  const store = new Store();
  const miner = store.miner();
  const ids = messages.map((message) => miner.add(scope, message));
  const groups = new Map<string, number>();
  return ids.map((id) => {
    const end = miner.canonical(id);
    if (!groups.has(end)) groups.set(end, groups.size);
    return groups.get(end)!;
  });
}
