/** Cuts what is too long for a message, and says so. */

/** How much of a text is shown, in characters as PostgreSQL counts them (code points). */
export interface Cut {
  shown: string;
  kept: number;
  all: number;
}

let graphemes: Intl.Segmenter | undefined;

/** The last place up to `at` where a character as people see it ends. */
function boundary(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const from = Math.max(0, at - 64);
  const { index } = (graphemes ??= new Intl.Segmenter())
    .segment(text.slice(from, at + 64))
    .containing(at - from)!;
  if (index > 0) return from + index;
  // A character that fills the whole stretch is not one that people see: it is cut, but not within a code point.
  return isLow(text.charCodeAt(at)) ? at - 1 : at;
}

const isLow = (unit: number): boolean => unit >= 0xdc_00 && unit <= 0xdf_ff;

/** The number of code points, counted without a copy of the text. */
function lengthOf(text: string): number {
  let low = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (isLow(text.charCodeAt(at))) low += 1;
  }
  return text.length - low;
}

/**
 * As much of the beginning of a text as fits into `limit` UTF-16 units once `form` has made it safe; what is cut ends
 * in `…`. Only the part that may be shown is looked at, so that a text of megabytes costs little.
 */
export function cutTo(text: string, limit: number, form: (text: string) => string): Cut {
  const most = Math.min(text.length, 4 * limit);
  if (text.length === most) {
    const shown = form(text);
    const all = lengthOf(text);
    if (shown.length <= limit) return { shown, kept: all, all };
  }
  const fits = (length: number) => form(text.slice(0, length)).length < limit;
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  let end = boundary(text, low);
  while (end > 0 && !fits(end)) end = Math.max(0, boundary(text, end - 1));
  const kept = text.slice(0, end);
  return { shown: `${form(kept)}…`, kept: lengthOf(kept), all: lengthOf(text) };
}
