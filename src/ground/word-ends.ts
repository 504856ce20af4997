/** Finds where words begin and end: at a character that is neither a letter nor a digit, also if it is escaped. */

const wordStart = /^[\p{L}\p{M}\p{N}]/u;
const wordEnd = /[\p{L}\p{M}\p{N}]$/u;

/** An escape may end with letters or digits; these are not part of the word after it. */
const escape = /(%(25)*[0-9a-f]{2}|\\([abfnrtv0]|x[0-9a-f]{2}|u[0-9a-f]{4}))$/i;

/** How many characters before a place are read: more than any escape has, and than a character of two units. */
const maxBefore = 32;

/** Whether a word may begin at `at`. */
export function beginsWord(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - maxBefore), at);
  return !wordEnd.test(before) || escape.test(before);
}

/** Whether a word may end before `end`. */
export const endsWord = (text: string, end: number): boolean =>
  !wordStart.test(text.slice(end, end + 2));
