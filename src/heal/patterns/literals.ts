import { foldRune } from './case-folding.ts';
import { ops, zeroWidth, foldTree, type PatternTree } from './pattern-tree.ts';

/** Case-folded texts, one of which is part of everything that a pattern matches. */
export type AnyOf = string[];

/** What a part of a pattern requires. `exact`: everything that it can match, if that is a short list. */
interface Part {
  exact: string[] | null;
  /** Of each set one text must occur. Empty: nothing is known, or `exact` says everything. */
  sets: AnyOf[];
}

const maxExact = 16;
const maxInClass = 12;
const longestExact = 64;
const maxSets = 4;
const maxTexts = 64;

/**
 * What every text that the pattern matches must contain, after Google's RE2 (re2/prefilter.cc): parts that can match
 * only a few texts are written out as lists, neighbouring parts are combined, and every alternative must require some
 * text. When it is not sure, it requires nothing. Returns the best few sets of texts, the best first: of each set one
 * text must occur.
 */
export const requiredLiterals = (tree: PatternTree): AnyOf[] =>
  // Next to a word, a set such as "one of ten digits" rules out nothing more.
  flushed(foldTree(tree, partOf)).sets.filter((texts, at) => at === 0 || shortest(texts) > 1);

const unknown: Part = { exact: null, sets: [] };

function partOf(node: PatternTree, subs: Part[]): Part {
  if (zeroWidth.has(node.op)) return { exact: [''], sets: [] };
  switch (node.op) {
    case ops.literal:
      return literal(Array.from(node.runes));
    case ops.class:
      return { exact: members(node.runes), sets: [] };
    case ops.capture:
      return subs[0]!;
    case ops.plus:
      return flushed(subs[0]!);
    case ops.optional: {
      const [{ exact }] = subs as [Part];
      return { exact: exact && withinLimit(['', ...exact]), sets: [] };
    }
    case ops.concat:
      return concat(subs);
    case ops.alternate:
      return alternate(subs);
    default:
      return unknown;
  }
}

/** Text that re2js may treat differently in its input than in a pattern: the replacement character, halves of pairs. */
const unsure = (rune: number) => rune === 0xfffd || (rune >= 0xd800 && rune <= 0xdfff);

function literal(runes: number[]): Part {
  const head = runes.slice(0, longestExact);
  if (head.some(unsure)) return unknown;
  const text = String.fromCodePoint(...head.map(foldRune));
  return head.length === runes.length
    ? { exact: [text], sets: [] }
    : { exact: null, sets: [[text]] };
}

function members(pairs: ArrayLike<number>): string[] | null {
  const found = new Set<string>();
  let count = 0;
  for (let at = 0; at < pairs.length; at += 2)
    for (let rune = pairs[at]!; rune <= pairs[at + 1]!; rune += 1) {
      count += 1;
      if (count > maxInClass || unsure(rune)) return null;
      found.add(String.fromCodePoint(foldRune(rune)));
    }
  return count === 0 ? null : [...found];
}

function concat(subs: Part[]): Part {
  let sets: AnyOf[] = [];
  let exact: string[] | null = [''];
  let broken = false;
  const flush = () => {
    if (exact) sets = best(sets, [exact]);
    broken = true;
  };
  for (const sub of subs) {
    const joined: string[] | null = sub.exact && exact && product(exact, sub.exact);
    if (joined) exact = joined;
    else {
      flush();
      sets = best(sets, sub.sets);
      exact = sub.exact ?? [''];
    }
  }
  if (!broken) return { exact, sets };
  flush();
  return { exact: null, sets };
}

function product(heads: string[], tails: string[]): string[] | null {
  if (heads.length * tails.length > maxExact) return null;
  const all = heads.flatMap((head) => tails.map((tail) => head + tail));
  return all.some((text) => text.length > longestExact) ? null : withinLimit(all);
}

function alternate(subs: Part[]): Part {
  const exact = subs.every((sub) => sub.exact) && withinLimit(subs.flatMap((sub) => sub.exact!));
  if (exact) return { exact, sets: [] };
  const branches = subs.map((sub) => flushed(sub).sets[0]);
  if (branches.some((branch) => !branch)) return unknown;
  return { exact: null, sets: best([], [branches.flatMap((branch) => branch!)]) };
}

const withinLimit = (texts: string[]): string[] | null => {
  const distinct = [...new Set(texts)];
  return distinct.length > maxExact ? null : distinct;
};

const flushed = (part: Part): Part =>
  part.exact ? { exact: null, sets: best([], [part.exact]) } : part;

/** The characters that the shortest of the texts has. */
export const shortest = (texts: AnyOf): number =>
  texts.reduce((least, text) => Math.min(least, [...text].length), Infinity);

/** The best few: long texts first, then few alternatives. A set with an empty text says nothing. */
function best(known: AnyOf[], more: AnyOf[]): AnyOf[] {
  const useful = more
    .map((texts) => [...new Set(texts)])
    .filter((texts) => texts.length > 0 && texts.length <= maxTexts && !texts.includes(''));
  if (useful.length === 0) return known;
  return [...known, ...useful]
    .toSorted((one, other) => shortest(other) - shortest(one) || one.length - other.length)
    .slice(0, maxSets);
}
