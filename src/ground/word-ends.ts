/** Where words begin and end: at what is neither a letter nor a digit, however that is written. */

const ofWord = /^[\p{L}\p{M}\p{N}]/u;
const ofWordAtEnd = /[\p{L}\p{M}\p{N}]$/u;

/** The last characters of an escape are letters and digits, and no part of the word behind it. */
const escape = /(%(25)*[0-9a-f]{2}|\\([abfnrtv0]|x[0-9a-f]{2}|u[0-9a-f]{4}))$/i;

/** Longer than an escape, and than a character of two units. */
const longest = 32;

/** Whether what stands at `at` may be the beginning of a word. */
export function beginsWord(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - longest), at);
  return !ofWordAtEnd.test(before) || escape.test(before);
}

/** Whether what ends before `end` may be the end of a word. */
export const endsWord = (text: string, end: number): boolean =>
  !ofWord.test(text.slice(end, end + 2));
