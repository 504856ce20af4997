/** Where words begin and end: at a character that is neither a letter nor a digit, however it is written. */

const ofWord = /^[\p{L}\p{M}\p{N}]/u;
const ofWordAtEnd = /[\p{L}\p{M}\p{N}]$/u;

/** An escape may end with letters or digits; these are not part of the word after it. */
const escape = /(%(25)*[0-9a-f]{2}|\\([abfnrtv0]|x[0-9a-f]{2}|u[0-9a-f]{4}))$/i;

/** Longer than any escape, and than a character of two units. */
const longest = 32;

/** Whether a word may begin at `at`. */
export function beginsWord(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - longest), at);
  return !ofWordAtEnd.test(before) || escape.test(before);
}

/** Whether a word may end before `end`. */
export const endsWord = (text: string, end: number): boolean =>
  !ofWord.test(text.slice(end, end + 2));
