/** Compares the slots of a schedule around clock changes with those that the oracle expects. */
import type { Tape } from './clock-changes.ts';
import { seeded } from './expressions.ts';
import { expectedSlots, meaningOf, type Meaning } from './oracle.ts';

/** The function under test, in both ways to ask it. */
export interface Subject {
  /** All slots in (from, until]. */
  between(text: string, zone: string, from: Date, until: Date): Date[];
  /** The first slot after each of these instants. */
  next(text: string, zone: string, after: Date[]): Date[];
}

export interface Difference {
  text: string;
  zone: string;
  change: string;
  /** Set when the single next slot after this instant was asked for, and not the whole window. */
  after?: string;
  expected: string[];
  found: string[];
}

export interface Compared {
  zones: Set<string>;
  texts: Set<string>;
  /** Pairs of a tape and a text. */
  comparisons: number;
  slots: number;
  differences: Difference[];
}

/** Instants within each window from which the next slot is asked for: near the change, and anywhere. */
const askedFrom = 4;
const nearMs = 3 * 3_600_000;

const iso = (instant: number) => new Date(instant).toISOString();

/**
 * `textsOf` says which texts a tape is compared for. The zones that share a tape take turns, so with
 * at least as many texts each of them is asked.
 */
export function compare(
  tapes: readonly Tape[],
  textsOf: (tape: Tape, index: number) => readonly string[],
  subject: Subject,
): Compared {
  const compared: Compared = {
    zones: new Set(),
    texts: new Set(),
    comparisons: 0,
    slots: 0,
    differences: [],
  };
  const meanings = new Map<string, Meaning>();
  const below = seeded(1);
  for (const [index, tape] of tapes.entries()) {
    for (const [turn, text] of textsOf(tape, index).entries()) {
      const zone = tape.zones[turn % tape.zones.length]!;
      let meaning = meanings.get(text);
      if (!meaning) meanings.set(text, (meaning = meaningOf(text)));
      const expected = expectedSlots(meaning, tape);
      const differ = (wanted: number[], got: number[], after?: number) =>
        compared.differences.push({
          text,
          zone,
          change: iso(tape.change.at),
          ...(after === undefined ? {} : { after: iso(after) }),
          expected: wanted.map(iso),
          found: got.map(iso),
        });

      const { from, until, change } = tape;
      const found = subject.between(text, zone, new Date(from), new Date(until)).map(Number);
      if (found.join() !== expected.join()) differ(expected, found);

      const instants = Array.from({ length: askedFrom }, (_, ask) =>
        ask % 2 === 0 ? change.at - nearMs + below(2 * nearMs) : from + below(until - from),
      );
      const answers = subject.next(
        text,
        zone,
        instants.map((instant) => new Date(instant)),
      );
      for (const [ask, after] of instants.entries()) {
        const answer = answers[ask]!.getTime();
        const wanted = expected.find((slot) => slot > after);
        // when the rest of the window is empty, the next slot lies somewhere behind it
        if (wanted === undefined ? answer <= until : answer !== wanted)
          differ(wanted === undefined ? [] : [wanted], [answer], after);
      }
      compared.zones.add(zone);
      compared.texts.add(text);
      compared.comparisons += 1;
      compared.slots += expected.length;
    }
  }
  return compared;
}
