/** What changed since it was last told. */
import type { ChangedTokens, Merge, MinerChanges } from './miner.ts';
import type { Shape } from './shape.ts';
import type { StoredTemplate } from './template.ts';

export class Journal {
  #opened = new Map<string, StoredTemplate>();
  #changed = new Map<string, ChangedTokens>();
  #merged: Merge[] = [];

  opened(template: StoredTemplate): void {
    this.#opened.set(template.id, template);
  }

  changed(scope: string, { id, tokens }: Shape): void {
    const opened = this.#opened.get(id);
    if (opened) this.#opened.set(id, { ...opened, tokens });
    else this.#changed.set(id, { id, scope, tokens });
  }

  merged(merge: Merge): void {
    const opened = this.#opened.get(merge.from);
    if (opened) this.#opened.set(merge.from, { ...opened, mergedInto: merge.into });
    else this.#merged.push(merge);
  }

  take(): MinerChanges {
    const changes = {
      opened: [...this.#opened.values()],
      merged: this.#merged,
      changed: [...this.#changed.values()],
    };
    this.#opened = new Map();
    this.#changed = new Map();
    this.#merged = [];
    return changes;
  }
}
