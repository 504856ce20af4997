/** Text as a terminal shows it: how wide it is, where a line of it may end, and how it is cut. */
import { createRequire } from 'node:module';
import { stripVTControlCharacters } from 'node:util';

const load = createRequire(import.meta.url);
let measure: ((text: string) => number) | undefined;

/** Loaded when it is needed first: few texts need it, and `--help` is to be there at once. */
const measured = (text: string): number =>
  (measure ??= (load('string-width') as { default: (text: string) => number }).default)(text);

/** Matches text of letters and signs that take one column each: most text need not be taken apart. */
const plain =
  /^[\x20-\x7E\u00A1-\u00AC\u00AE-\u02FF\u0391-\u03C9\u0400-\u0482\u048A-\u052F\u2010-\u2026]*$/;

/** Characters of which each takes two columns. */
const wide =
  /^[\u3001-\u3029\u3030-\u303E\u3041-\u3096\u309B-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7A3\uFF01-\uFF60]+$/;

/** The columns that a line takes: colours take none, an emoji and a character of Chinese two. */
export const widthOf = (text: string): number =>
  plain.test(text) ? text.length : wide.test(text) ? text.length * 2 : measured(text);

const padding = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - widthOf(text)));

/** The text with spaces after it, up to this width. */
export const padded = (text: string, width: number): string => text + padding(text, width);

let graphemes: Intl.Segmenter | undefined;

/**
 * The text without its colours, cut to this width and marked as cut: after a word, unless that left less than half of
 * the width. A character is never cut. `mark` has one column for each of its characters.
 */
export function cut(text: string, width: number, mark = '…'): string {
  const bare = stripVTControlCharacters(text);
  if (widthOf(bare) <= width) return bare;
  if (width < mark.length) return mark.slice(0, Math.max(0, width));
  let kept = '';
  let left = width - mark.length;
  for (const { segment } of (graphemes ??= new Intl.Segmenter()).segment(bare)) {
    left -= widthOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  const words = bare[kept.length] === ' ' ? kept : kept.slice(0, kept.lastIndexOf(' ') + 1);
  return `${(widthOf(words) * 2 >= width ? words : kept).trimEnd()}${mark}`;
}

/** A long word may end a line after one of these: a path, an address, an id. */
const joints = /(?<=[/\-_.,:;=&?)\]])(?=[^\p{M}\p{Grapheme_Extend}\u200D])/u;

/**
 * Between two characters of a script without spaces a line may end anywhere, but not before a sign that ends something, nor
 * before what belongs to the character: a mark, a half-width voice mark, a further letter of a Korean syllable.
 */
const unspaced =
  /(?<=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\uFF00-\uFFEF])(?=[^\p{M}\p{P}\p{Grapheme_Extend}\u200D\u1160-\u11FF\uD7B0-\uD7FFー])/u;

/** The words of a line, each with the spaces before it; words that are wider than a line are divided into parts. */
const parts = (text: string, width: number): string[] =>
  text
    .split(/(?<=[^ ])(?= )/)
    .flatMap((word) => (plain.test(word) ? [word] : word.split(unspaced)))
    .flatMap((word) => (widthOf(word.trimStart()) > width ? word.split(joints) : [word]));

/**
 * The lines of a text that are at most `width` wide, the first at most `first`. They end between words, or after a joint
 * of a word that is wider than a line. A part without joints that is still too wide stays as it is.
 */
export function wrapped(text: string, width: number, first = width): string[] {
  if (widthOf(text) <= first) return [text];
  const lines: string[] = [];
  let line = '';
  // Counted, and not measured anew for each part: a text may be long.
  let used = 0;
  for (const part of parts(text, width)) {
    const room = lines.length === 0 ? first : width;
    if (used + widthOf(part) <= room || line.trim() === '') {
      line += part;
      used += widthOf(part);
    } else {
      lines.push(line);
      line = part.trimStart();
      used = widthOf(line);
    }
  }
  return [...lines, line];
}
