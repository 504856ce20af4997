import { setImmediate } from 'node:timers/promises';
import { foldedUnits } from './case-folding.ts';
import { buildLiteralSearch, type LiteralSearch } from './literal-search.ts';
import { readPattern, type Reading } from './pattern.ts';

/** What the index needs of a row of `bot_knowledge`. */
export interface Entry {
  id: string;
  issue_pattern: string;
}

/** Finds the entries that can match a text, without running their patterns. */
export interface KnowledgeIndex {
  /**
   * The entries that can match; no other entry does. Cheap patterns come first, so that an expensive one delays no other;
   * patterns about which nothing is known come last.
   */
  candidates(text: string): Entry[];
  /** Entries whose patterns are too expensive to run at all. */
  readonly heavy: readonly Entry[];
  /** What is known about each pattern; the next index reuses it. */
  readonly readings: ReadonlyMap<string, Reading>;
  readonly bytes: number;
}

/** Only the beginning of a longer literal is searched for, which is enough to rule an entry out. */
const maxUnits = 32;

interface Indexed {
  entry: Entry;
  size: number;
  /** numbers of literals; at least one literal of each set must occur */
  sets: number[][];
}

/** Builds the index and yields now and then: with {@link inSlices}, other work runs in between. */
export function* buildIndex(
  entries: readonly Entry[],
  known: ReadonlyMap<string, Reading> = new Map(),
): Generator<void, KnowledgeIndex> {
  const readings = new Map<string, Reading>();
  const numbers = new Map<string, number>();
  const literals: number[][] = [];
  const indexed: Indexed[] = [];
  const unknown: Indexed[] = [];
  const heavy: Entry[] = [];
  const numberOf = (literal: string): number => {
    const units = Array.from({ length: Math.min(literal.length, maxUnits) }, (_, index) =>
      literal.charCodeAt(index),
    );
    const key = literal.slice(0, maxUnits);
    const number = numbers.get(key) ?? literals.push(units) - 1;
    numbers.set(key, number);
    return number;
  };
  for (const entry of entries) {
    const pattern = entry.issue_pattern;
    const reading = known.get(pattern) ?? readings.get(pattern) ?? readPattern(pattern);
    readings.set(pattern, reading);
    // An invalid pattern got into the table without `checkPattern`: it matches nothing.
    if (reading.kind === 'heavy') heavy.push(entry);
    else if (reading.kind === 'ready') {
      const sets = reading.sets.map((texts) => [...new Set(texts.map(numberOf))]);
      (sets.length > 0 ? indexed : unknown).push({ entry, size: reading.size, sets });
    }
    yield;
  }
  const search = yield* buildLiteralSearch(literals);
  const triggers = yield* chooseTriggers(indexed, literals.length);
  const bySize = (one: Indexed, other: Indexed) => one.size - other.size;
  unknown.sort(bySize);

  return {
    heavy,
    readings,
    bytes: search.bytes + triggers.reduce((sum, { length }) => sum + 16 + 8 * length, 0),
    candidates(text) {
      const found = findMatching(search, triggers, text);
      return [...found.toSorted(bySize), ...unknown].map(({ entry }) => entry);
    },
  };
}

/**
 * For each literal, the entries that it makes candidates. Only the literals of its rarest set make an entry a candidate: a word
 * that half of all entries contain would make half of them candidates.
 */
function* chooseTriggers(indexed: Indexed[], literals: number): Generator<void, Indexed[][]> {
  const uses = new Uint32Array(literals);
  for (const { sets } of indexed)
    for (const set of sets) for (const literal of set) uses[literal]! += 1;
  const triggers: Indexed[][] = Array.from({ length: literals }, () => []);
  const commonness = (set: number[]) => set.reduce((sum, literal) => sum + uses[literal]!, 0);
  for (const entry of indexed) {
    const rarest = entry.sets.reduce((one, other) =>
      commonness(other) < commonness(one) ? other : one,
    );
    for (const literal of rarest) triggers[literal]!.push(entry);
    yield;
  }
  return triggers;
}

function findMatching(search: LiteralSearch, triggers: Indexed[][], text: string): Indexed[] {
  const occurring = new Set(search.occurring(foldedUnits(text)));
  const found = new Set<Indexed>();
  for (const literal of occurring)
    for (const entry of triggers[literal]!)
      if (entry.sets.every((set) => set.some((number) => occurring.has(number)))) found.add(entry);
  return [...found];
}

/** Runs a generator in slices of at most some milliseconds; other work runs in between. */
export async function inSlices<Result>(work: Generator<void, Result>): Promise<Result> {
  for (;;) {
    const until = performance.now() + sliceMs;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
    await setImmediate();
  }
}

const sliceMs = 10;
