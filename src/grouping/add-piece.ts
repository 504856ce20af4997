/** A piece is a chunk, or the part of one between two colons. It becomes a value, or one or more words. */
import { digit, joint, kindOf } from './characters.ts';
import type { Line } from './line.ts';
import { hasDigit, isHexadecimal, isHost, lastDot } from './values.ts';
import { namesWithDigits } from './words.ts';

/** A longer word is data: a token, a key, or base64. */
const maxWordLength = 128;
/** So many letters from a to f alone are no word. */
const minHexLetters = 8;

const slash = 0x2f;
const backslash = 0x5c;
const atSign = 0x40;

/** A piece without any joint, which most words are. */
export function addPlain(
  text: string,
  start: number,
  end: number,
  line: Line,
  digits: number,
  isValue: boolean,
): void {
  if (isData(text, start, end) || (digits > 0 && !namesWithDigits.has(text, start, end)))
    line.addValue();
  else line.addWord(start, end, isValue);
}

export function addPiece(
  text: string,
  start: number,
  end: number,
  line: Line,
  isValue: boolean,
): void {
  let slashes = 0;
  let backslashes = 0;
  let ats = 0;
  let lastSlash = -1;
  let digits = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === slash) {
      slashes++;
      lastSlash = at;
    } else if (code === backslash) backslashes++;
    else if (code === atSign && at > start && at + 1 < end) ats++;
    else if (kindOf(code) === digit) digits++;
  }
  if (ats > 0 || backslashes >= 2) return line.addValue();
  if (slashes + backslashes === 0) return addJoined(text, start, end, line, isValue);
  if (slashes > 0 && isPath(text, start, end, slashes, lastSlash, digits)) return line.addValue();
  for (let from = start; from < end;) {
    let to = from;
    while (to < end && text.charCodeAt(to) !== slash && text.charCodeAt(to) !== backslash) to++;
    addJoined(text, from, to, line, isValue);
    from = to + 1;
  }
}

/** `/etc/hosts`, `~/notes`, `../x`, `src/cart/total.ts`; but `read/write` and `and/or` are words. */
function isPath(
  text: string,
  start: number,
  end: number,
  slashes: number,
  lastSlash: number,
  digits: number,
): boolean {
  if (!beginsWithWord(text, start, end)) return end - start > 1;
  return lastDot(text, start, end - 1) > lastSlash || (slashes >= 2 && digits > 0);
}

/** Whether there is a letter or a digit before the first slash. */
function beginsWithWord(text: string, start: number, end: number): boolean {
  for (let at = start; at < end && text.charCodeAt(at) !== slash; at++)
    if (kindOf(text.charCodeAt(at)) !== joint) return true;
  return false;
}

/** Without what joins nothing: `-x`, `x.`, `%s`. */
function addJoined(text: string, from: number, to: number, line: Line, isValue: boolean): void {
  let start = from;
  let end = to;
  while (start < end && kindOf(text.charCodeAt(start)) === joint) start++;
  while (end > start && kindOf(text.charCodeAt(end - 1)) === joint) end--;
  if (start === end) return;
  // `z+` and `z-` are two directions.
  if (end - start === 1 && end < to && isSign(text.charCodeAt(end))) end++;
  const digits = hasDigit(text, start, end) ? 1 : 0;
  if (digits === 0 && isHost(text, start, end)) line.addValue();
  else addPlain(text, start, end, line, digits, isValue);
}

const isSign = (code: number): boolean => code === 0x2b || code === 0x2d;

/** Too long for a word, or nothing but hexadecimal letters. */
const isData = (text: string, start: number, end: number): boolean =>
  end - start >= minHexLetters && (end - start > maxWordLength || isHexadecimal(text, start, end));
