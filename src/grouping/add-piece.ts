/** A piece is a chunk, or the part of one between two colons. It becomes a value, or one or more words. */
import { digit, joint, kindOf, letter } from './characters.ts';
import type { Line } from './line.ts';
import { hasDigit, isHexadecimal, isHost } from './values.ts';
import { literals, namesWithDigits, units } from './words.ts';

/** A longer word is data: a token, a key, or base64. */
const maxWordLength = 128;
/** So many letters from a to f alone are no word. */
const minHexLetters = 8;

const slash = 0x2f;
const backslash = 0x5c;
const at_ = 0x40;
const dot = 0x2e;

/** `isValue`: it stands where a value is written, so that `true` or `null` is one. */
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
  let joints = 0;
  let digits = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const kind = kindOf(code);
    if (kind === digit) digits++;
    if (kind !== joint) continue;
    joints++;
    if (code === slash) {
      slashes++;
      lastSlash = at;
    } else if (code === backslash) backslashes++;
    else if (code === at_ && at > start && at + 1 < end) ats++;
  }
  if (joints === 0) return addWord(text, start, end, line, isValue);
  if (ats > 0 || backslashes >= 2) return line.addValue();
  if (slashes + backslashes === 0) return addWord(text, start, end, line, isValue);
  if (slashes > 0 && isPath(text, start, end, slashes, lastSlash, digits)) return line.addValue();
  for (let from = start; from < end;) {
    let to = from;
    while (to < end && text.charCodeAt(to) !== slash && text.charCodeAt(to) !== backslash) to++;
    addWord(text, from, to, line, isValue);
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
  const first = text.indexOf('/', start);
  if (!hasLetter(text, start, first)) return end - start > 1;
  const extension = text.lastIndexOf('.', end - 2);
  return extension > lastSlash || (slashes >= 2 && digits > 0);
}

function hasLetter(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const kind = kindOf(text.charCodeAt(at));
    if (kind === letter || kind === digit) return true;
  }
  return false;
}

function addWord(text: string, from: number, to: number, line: Line, isValue: boolean): void {
  let start = from;
  let end = to;
  while (start < end && kindOf(text.charCodeAt(start)) === joint) start++;
  while (end > start && kindOf(text.charCodeAt(end - 1)) === joint) end--;
  if (start === end) return;
  // `z+` and `z-` are two directions.
  if (end - start === 1 && end < to && isSign(text.charCodeAt(end))) end++;
  if (isValueByForm(text, start, end) || (isValue && literals.has(text, start, end)))
    line.addValue();
  else if (!(line.endsInValue() && units.has(text, start, end))) line.addWord(start, end);
}

const isSign = (code: number): boolean => code === 0x2b || code === 0x2d;

function isValueByForm(text: string, start: number, end: number): boolean {
  if (end - start > maxWordLength) return true;
  if (hasDigit(text, start, end)) return !namesWithDigits.has(text, start, end);
  if (end - start >= minHexLetters && isHexadecimal(text, start, end)) return true;
  return text.charCodeAt(start) !== dot && isHost(text, start, end);
}
