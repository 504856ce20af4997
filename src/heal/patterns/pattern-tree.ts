import { RE2JS, RE2Set } from 're2js';

/** A node of a pattern as re2js reads it, simplified: counted repetition is written out, and parts are shared. */
export interface PatternTree {
  op: number;
  /** for a literal, its code points; for a class, pairs of the first and the last code point of a range */
  runes: ArrayLike<number>;
  subs: PatternTree[];
}

/** How every pattern is read: `k` finds `K` and the Kelvin sign, as RE2 folds case. */
export const patternFlags = RE2JS.CASE_INSENSITIVE;

/**
 * The tree of a pattern. A set of patterns is the only place where re2js shows its parser's result without compiling
 * it; a parser of our own might read a pattern differently. Throws re2js' own error.
 */
export function parsePattern(pattern: string): PatternTree {
  const set = new RE2Set(RE2Set.UNANCHORED, patternFlags);
  set.add(pattern);
  return set.regexps[0];
}

const opOf = (sample: string): number => parsePattern(sample).op;

// re2js does not export its numbers for operators, so they are determined here instead of copied.
export const ops = {
  literal: opOf('ab'),
  class: opOf('[ax]'),
  capture: opOf('(a)'),
  concat: opOf('a.'),
  alternate: opOf('ab|cd'),
  plus: opOf('a+'),
  optional: opOf('a?'),
};

/** Operators that take no character of the text. */
export const zeroWidth = new Set(['(?:)', '^', '$', '(?m)^', '(?m)$', '\\b', '\\B'].map(opOf));

/** Computes a value of the tree from its leaves up, each shared part once, without recursion: trees are deep. */
export function foldTree<Value>(
  root: PatternTree,
  valueOf: (node: PatternTree, subs: Value[]) => Value,
): Value {
  const done = new Map<PatternTree, Value>();
  const waiting = [root];
  while (waiting.length > 0) {
    const node = waiting.at(-1)!;
    const before = waiting.length;
    for (const sub of node.subs) if (!done.has(sub)) waiting.push(sub);
    if (waiting.length > before) continue;
    waiting.pop();
    if (!done.has(node))
      done.set(
        node,
        valueOf(
          node,
          node.subs.map((sub) => done.get(sub)!),
        ),
      );
  }
  return done.get(root)!;
}

/** An estimate of how many instructions re2js compiles the tree to. */
export const sizeOf = (tree: PatternTree): number =>
  foldTree<number>(tree, ({ op, runes }, subs) => {
    const ownSize = op === ops.literal ? runes.length : Math.max(1, subs.length);
    return subs.reduce((size, sub) => size + sub, op === ops.concat ? 0 : ownSize);
  });
