import { RE2JS } from 're2js';
import { foldTree, ops, parsePattern } from './pattern-tree.ts';

const pageSize = 256;
/** The last character that has another case (re2js' own bound). */
const lastFolded = 0x1e943;
const pages = new Map<number, Int32Array>();

/**
 * For one page of characters, the number of each after case folding: characters that re2js takes for the same one get the
 * smallest number among them. re2js itself is asked, because it folds every literal in this way. `toLowerCase` would miss the
 * Kelvin sign and the long s, and uses another version of Unicode.
 */
function pageOf(page: number): Int32Array {
  const known = pages.get(page);
  if (known) return known;
  const folded = Int32Array.from({ length: pageSize }, (_, index) => page * pageSize + index);
  if (!isSurrogate(page * pageSize)) {
    const runes = foldTree<number[]>(
      parsePattern(RE2JS.quote(String.fromCodePoint(...folded))),
      ({ op, runes: own }, subs) => (op === ops.literal ? Array.from(own) : subs.flat()),
    );
    if (runes.length !== pageSize)
      throw new Error(`re2js did not read page ${page} of Unicode as expected`);
    folded.set(runes);
  }
  pages.set(page, folded);
  return folded;
}

const isSurrogate = (rune: number): boolean => rune >= 0xd800 && rune <= 0xdfff;

/** The number of a character after case folding. */
export const foldRune = (rune: number): number =>
  rune > lastFolded ? rune : pageOf(Math.floor(rune / pageSize))[rune % pageSize]!;

/** The text's UTF-16 units with case folded away: two texts that re2js finds equal without case are equal here. */
export function foldedUnits(text: string): number[] {
  const units: number[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const rune = text.codePointAt(index)!;
    const folded = foldRune(rune);
    if (rune > 0xffff) index += 1;
    if (folded <= 0xffff) units.push(folded);
    else {
      units.push(0xd800 + ((folded - 0x10000) >> 10), 0xdc00 + ((folded - 0x10000) & 0x3ff));
    }
  }
  return units;
}
