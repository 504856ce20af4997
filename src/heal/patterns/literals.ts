import { foldRune } from './case-folding.ts';
import { ops, zeroWidth, foldTree, type PatternTree } from './pattern-tree.ts';

/** Case-folded texts, one of which is part of everything that a pattern matches. */
export type AnyOf = string[];

/** What a part of a pattern requires. `exact`: everything that it can match, if that is a short list. */
interface Part {
  exact: string[] | null;
  /** At least one text of each set must occur. Empty: nothing is known, or `exact` says everything. */
  sets: AnyOf[];
}

const maxExact = 16;
const maxInClass = 12;
const maxExactLength = 64;
const maxSets = 4;
const maxTexts = 64;

/**
 * What every text that the pattern matches must contain: the best few sets of texts, the best first. At least one text of
 * each set must occur. As in Google's RE2 (re2/prefilter.cc), parts that can match only a few texts are written out as lists, neighbouring
 * parts are combined, and every alternative must require some text. Where this is not sure, nothing is required.
 */
export const requiredLiterals = (tree: PatternTree): AnyOf[] =>
  // Next to a word, a set such as "one of ten digits" rules out nothing more.
  withExactAsSet(foldTree(tree, partOf)).sets.filter(
    (texts, index) => index === 0 || shortestLength(texts) > 1,
  );

const unknown: Part = { exact: null, sets: [] };

function partOf(node: PatternTree, subs: Part[]): Part {
  if (zeroWidth.has(node.op)) return { exact: [''], sets: [] };
  switch (node.op) {
    case ops.literal:
      return literalPart(Array.from(node.runes));
    case ops.class:
      return { exact: membersOf(node.runes), sets: [] };
    case ops.capture:
      return subs[0]!;
    case ops.plus:
      return withExactAsSet(subs[0]!);
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

/** Whether re2js may read a character differently in a text than in a pattern: the replacement character, halves of pairs. */
const isUnsure = (rune: number) => rune === 0xfffd || (rune >= 0xd800 && rune <= 0xdfff);

function literalPart(runes: number[]): Part {
  const head = runes.slice(0, maxExactLength);
  if (head.some(isUnsure)) return unknown;
  const text = String.fromCodePoint(...head.map(foldRune));
  return head.length === runes.length
    ? { exact: [text], sets: [] }
    : { exact: null, sets: [[text]] };
}

function membersOf(pairs: ArrayLike<number>): string[] | null {
  const found = new Set<string>();
  let count = 0;
  for (let index = 0; index < pairs.length; index += 2)
    for (let rune = pairs[index]!; rune <= pairs[index + 1]!; rune += 1) {
      count += 1;
      if (count > maxInClass || isUnsure(rune)) return null;
      found.add(String.fromCodePoint(foldRune(rune)));
    }
  return count === 0 ? null : [...found];
}

function concat(subs: Part[]): Part {
  let sets: AnyOf[] = [];
  let exact: string[] | null = [''];
  let isSplit = false;
  const flush = () => {
    if (exact) sets = bestSets(sets, [exact]);
    isSplit = true;
  };
  for (const sub of subs) {
    const joined: string[] | null = sub.exact && exact && joinAll(exact, sub.exact);
    if (joined) exact = joined;
    else {
      flush();
      sets = bestSets(sets, sub.sets);
      exact = sub.exact ?? [''];
    }
  }
  if (!isSplit) return { exact, sets };
  flush();
  return { exact: null, sets };
}

function joinAll(heads: string[], tails: string[]): string[] | null {
  if (heads.length * tails.length > maxExact) return null;
  const all = heads.flatMap((head) => tails.map((tail) => head + tail));
  return all.some((text) => text.length > maxExactLength) ? null : withinLimit(all);
}

function alternate(subs: Part[]): Part {
  const exact = subs.every((sub) => sub.exact) && withinLimit(subs.flatMap((sub) => sub.exact!));
  if (exact) return { exact, sets: [] };
  const branches = subs.map((sub) => withExactAsSet(sub).sets[0]);
  if (branches.some((branch) => !branch)) return unknown;
  return { exact: null, sets: bestSets([], [branches.flatMap((branch) => branch!)]) };
}

const withinLimit = (texts: string[]): string[] | null => {
  const distinct = [...new Set(texts)];
  return distinct.length > maxExact ? null : distinct;
};

/** The part with its exact texts as a set: what follows is not a neighbour that can be combined with it. */
const withExactAsSet = (part: Part): Part =>
  part.exact ? { exact: null, sets: bestSets([], [part.exact]) } : part;

/** How many characters the shortest of the texts has. */
export const shortestLength = (texts: AnyOf): number =>
  texts.reduce((least, text) => Math.min(least, [...text].length), Infinity);

/** The best few sets: those with long texts first, then those with few alternatives. A set with an empty text says nothing. */
function bestSets(known: AnyOf[], more: AnyOf[]): AnyOf[] {
  const useful = more
    .map((texts) => [...new Set(texts)])
    .filter((texts) => texts.length > 0 && texts.length <= maxTexts && !texts.includes(''));
  if (useful.length === 0) return known;
  return [...known, ...useful]
    .toSorted(
      (one, other) => shortestLength(other) - shortestLength(one) || one.length - other.length,
    )
    .slice(0, maxSets);
}
