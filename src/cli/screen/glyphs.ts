/** Divides text into glyphs: a glyph is what one cell of the screen may hold, one character, one or two columns wide. */
import { printable } from '../../ground/text.ts';
import { widthOf } from '../terminal/width.ts';

/** A character with its marks, as a cell holds it. `width` is in columns. */
export interface Glyph {
  text: string;
  width: 1 | 2;
}

const replacement: Glyph = { text: '\uFFFD', width: 1 };
const space: Glyph = { text: ' ', width: 1 };

/** The limit of known marks on a character; one other mark may be added. More would cover the lines above and below. */
const maxKnownMarks = 3;
/** Marks of which every terminal knows that they take no column. */
const knownMark =
  // oxlint-disable-next-line no-misleading-character-class
  /^[\u0300-\u036F\u0483-\u0487\u0591-\u05BD\u064B-\u065F\u0E31\u0E34-\u0E3A\u0E47-\u0E4E\u20D0-\u20DC\u3099\u309A]$/;

const ascii = /^[\x20-\x7E]*$/;
const pictograph = /\p{Extended_Pictographic}/u;
const mark = /^\p{M}$/u;
/** Each character with the marks after it; marks without a character stand alone. */
const characters = /\P{M}\p{M}*|\p{M}+/gu;

let graphemes: Intl.Segmenter | undefined;

/**
 * The glyphs of a line. Characters that cannot be drawn (controls, the beginning of an escape sequence, marks that reorder text,
 * characters without width) become U+FFFD; line ends and tabs become a space. Terminals disagree about emoji of several parts: of
 * these the first part is shown. A syllable of several letters is a glyph for each letter.
 */
export function* glyphsOf(text: string): Generator<Glyph> {
  if (ascii.test(text)) {
    for (const letter of text) yield { text: letter, width: 1 };
    return;
  }
  const line = text.toWellFormed().normalize('NFC');
  for (const { segment } of (graphemes ??= new Intl.Segmenter()).segment(line))
    yield* glyphsIn(segment);
}

function glyphsIn(segment: string): Glyph[] {
  if (ascii.test(segment)) return [{ text: segment, width: 1 }];
  if (/^[\r\n\t]+$/.test(segment)) return [space];
  const points = [...segment];
  if (points.length > 1 && pictograph.test(points[0]!) && printable(segment) === segment)
    return [glyphOf(points[0]!)];
  return segment.match(characters)!.map(glyphOf);
}

/** The glyph of a character and its marks. However wide a terminal takes it to be, it has two columns at most. */
function glyphOf(part: string): Glyph {
  const [base, ...rest] = part;
  if (base === undefined || mark.test(base) || printable(base) !== base) return replacement;
  const width = widthOf(base);
  if (width !== 1 && width !== 2) return replacement;
  const marks = rest.filter((each) => printable(each) === each);
  const known = marks.filter((each) => knownMark.test(each)).slice(0, maxKnownMarks);
  // Some terminals take any other mark to be one column wide: even so, the glyph is not wider than two.
  const [other = ''] = width === 1 ? marks.filter((each) => !knownMark.test(each)) : [];
  return { text: base + other + known.join(''), width };
}

/** Breaks a line, between any two glyphs, into parts of at most `columns` columns: at least 2, the width of a wide glyph. */
export function splitIntoRows(line: string, columns: number): string[] {
  const parts = [''];
  let used = 0;
  for (const { text, width } of glyphsOf(line)) {
    if (used + width > columns) {
      parts.push('');
      used = 0;
    }
    parts[parts.length - 1] += text;
    used += width;
  }
  return parts;
}
