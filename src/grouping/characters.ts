/** What a character is to the scanner, by its code unit. */
export const separator = 0;
export const letter = 1;
export const digit = 2;
/** holds a word together where letters or digits stand on both sides: `.`, `-`, `/`, `:` and others */
export const joint = 3;
export const opening = 4;
export const closing = 5;
export const quote = 6;
/** `=`, after which a value stands */
export const equals = 7;

const ascii = new Uint8Array(128);
const folded = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  folded[code] = character.toLowerCase().charCodeAt(0);
  if (/[a-z_]/i.test(character)) ascii[code] = letter;
  else if (/\d/.test(character)) ascii[code] = digit;
  else if ('.-/:\\@+$~%'.includes(character)) ascii[code] = joint;
  else if ('([{'.includes(character)) ascii[code] = opening;
  else if (')]}'.includes(character)) ascii[code] = closing;
  else if ('\'"`'.includes(character)) ascii[code] = quote;
  else if (character === '=') ascii[code] = equals;
}

export function kindOf(code: number): number {
  return code < 128 ? ascii[code]! : kindBeyondAscii(code);
}

/** Lower case for ASCII, so that a change of case is no other word; other scripts are compared as they are. */
export function fold(code: number): number {
  return code < 128 ? folded[code]! : code;
}

/** From here on scripts write words without spaces between them, and numbers right beside the words. */
export const firstOfDenseScripts = 0x2e80;

function kindBeyondAscii(code: number): number {
  if (code < 0xa1 || code === 0xad || code === 0xfeff) return separator;
  if (code >= 0x2018 && code <= 0x201f) return quote;
  if (code === 0xab || code === 0xbb) return quote;
  // General punctuation, arrows, signs and lines; CJK punctuation; full-width punctuation.
  if ((code >= 0x2000 && code <= 0x2bff) || (code >= 0x3000 && code <= 0x303f)) return separator;
  if ((code >= 0xff00 && code <= 0xff0f) || (code >= 0xff1a && code <= 0xff20)) return separator;
  return letter;
}
