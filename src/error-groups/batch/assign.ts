/**
 * Gives each error its template: the one that its own code names, the one that a person split off, or the one that the miner finds
 * for its message. Pure: what it opened and merged is the caller's to store.
 */
import type { Merge, Miner } from '../../grouping/miner.ts';
import { createMiner } from '../../grouping/miner.ts';
import type { ErrorTemplate } from '../rows/templates.ts';
import { fingerprintOf } from './fingerprint.ts';

interface Told {
  error_type: string;
  error_message: string;
  fingerprint: unknown;
}

export interface Changes<Given> {
  /** new ones, the oldest first, each with the error that opened it */
  opened: (ErrorTemplate & { first: Given })[];
  /** aliases among those that were there before, and the templates into which they merged */
  merged: readonly Merge[];
  /** templates that were there before, and their other tokens */
  changed: { id: string; tokens: readonly string[] }[];
}

/** So many fingerprints of one type tell groups apart. Beyond them the message decides: a fingerprint that differs each time names nothing. */
const maxFingerprints = 1_000;
/** Of all types together, as many as templates of messages: a type may differ each time, too. */
const maxFingerprintsOfAll = 20_000;

export class Assigner<Given extends Told> {
  #nextId: bigint;
  readonly #miner: Miner;
  readonly #groups = new Map<string, string>();
  readonly #fingerprints = new Map<string, Map<string, string>>();
  #fingerprintsOfAll = 0;
  readonly #texts = new Map<string, { text: string; id: string }[]>();
  #opened: ErrorTemplate[] = [];
  /** of each template that was opened since the last call of {@link changes} */
  #firsts = new Map<string, Given>();

  /** `nextId`: greater than all ids that are stored. */
  constructor(templates: Iterable<ErrorTemplate>, nextId: string) {
    this.#nextId = BigInt(nextId);
    const mined = [];
    for (const template of templates) {
      this.#groups.set(template.id, template.group_id);
      if (template.kind === 'fingerprint') this.#learn(template);
      else if (template.kind === 'text') this.#split(template);
      else mined.push(storedOf(template));
    }
    this.#miner = createMiner(mined, () => this.#newId());
  }

  get nextId(): string {
    return String(this.#nextId);
  }

  /** The id of the template. It may become an alias of another one while later errors are assigned. */
  assign(error: Given): string {
    const from = this.#nextId;
    const id = this.#assign(error);
    for (let opened = from; opened < this.#nextId; opened += 1n)
      this.#firsts.set(String(opened), error);
    return id;
  }

  #assign(error: Given): string {
    const named = fingerprintOf(error.fingerprint);
    const byName = named === null ? null : this.#named(error.error_type, named);
    const id = byName ?? this.#miner.add(error.error_type, error.error_message);
    return this.#splitOff(id, error.error_message);
  }

  /** What was split off may be split again. Groups that were merged may name each other, so each group is asked once. */
  #splitOff(id: string, message: string): string {
    let found = id;
    const asked = new Set<string>();
    for (let group = this.groupOf(id); !asked.has(group); group = this.groupOf(found)) {
      asked.add(group);
      found = this.#texts.get(group)?.find(({ text }) => message.includes(text))?.id ?? found;
    }
    return found;
  }

  groupOf(id: string): string {
    const canonical = this.#miner.canonical(id);
    return this.#groups.get(canonical) ?? canonical;
  }

  /** What happened since the last call. */
  changes(): Changes<Given> {
    const { opened, merged, changed } = this.#miner.changes();
    const mined = opened.map((template) => ({
      id: template.id,
      group_id: this.groupOf(template.id),
      error_type: template.scope,
      kind: template.flood ? ('flood' as const) : ('mined' as const),
      tokens: template.tokens,
      split_from: null,
      merged_into: template.mergedInto,
      pinned: template.pinned,
    }));
    const all = [...mined, ...this.#opened].toSorted((a, b) =>
      BigInt(a.id) < BigInt(b.id) ? -1 : 1,
    );
    for (const { id, group_id } of all) this.#groups.set(id, group_id);
    const withFirst = all.map((template) => ({
      ...template,
      first: this.#firsts.get(template.id)!,
    }));
    this.#opened = [];
    this.#firsts = new Map();
    return {
      opened: withFirst,
      merged,
      changed: changed.map(({ id, tokens }) => ({ id, tokens })),
    };
  }

  #newId(): string {
    const id = this.#nextId;
    this.#nextId += 1n;
    return String(id);
  }

  #named(error_type: string, fingerprint: string): string | null {
    const known = this.#fingerprints.get(error_type);
    const id = known?.get(fingerprint);
    if (id !== undefined) return id;
    if ((known?.size ?? 0) >= maxFingerprints || this.#fingerprintsOfAll >= maxFingerprintsOfAll)
      return null;
    const opened = this.#newId();
    const template: ErrorTemplate = {
      id: opened,
      group_id: opened,
      error_type,
      kind: 'fingerprint',
      tokens: [fingerprint],
      split_from: null,
      merged_into: null,
      pinned: false,
    };
    this.#learn(template);
    this.#groups.set(opened, opened);
    this.#opened.push(template);
    return opened;
  }

  #learn({ error_type, tokens, id }: ErrorTemplate): void {
    const known = this.#fingerprints.get(error_type) ?? new Map<string, string>();
    this.#fingerprints.set(error_type, known.set(tokens[0]!, id));
    this.#fingerprintsOfAll += 1;
  }

  #split({ split_from, tokens, id }: ErrorTemplate): void {
    const texts = this.#texts.get(split_from!) ?? [];
    texts.push({ text: tokens[0]!, id });
    this.#texts.set(split_from!, texts);
  }
}

const storedOf = ({ id, error_type, kind, tokens, merged_into, pinned }: ErrorTemplate) => ({
  id,
  scope: error_type,
  tokens,
  mergedInto: merged_into,
  flood: kind === 'flood',
  pinned,
});
