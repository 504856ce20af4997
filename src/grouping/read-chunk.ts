/** A chunk is what stands between two separators: a word, a number, or what joins several of them, as an address or a path. */
import {
  closing,
  digit,
  equals,
  firstOfDenseScripts,
  joint,
  kindOf,
  letter,
  quote,
} from './characters.ts';
import type { Line } from './line.ts';
import { addPiece } from './add-piece.ts';
import { isHexadecimal } from './values.ts';

const dot = 0x2e;
const dash = 0x2d;
const slash = 0x2f;
const colon = 0x3a;
const backslash = 0x5c;
const apostrophe = 0x27;
const question = 0x3f;

/** So many dashes may be a part of a word. */
const maxDashes = 4;

export const isSpace = (code: number): boolean => code <= 0x20 || code === 0xa0;

/** Adds the tokens of the chunk that begins at `start`, and answers where it ends. */
export function readChunk(message: string, start: number, line: Line): number {
  const { length } = message;
  let colons = 0;
  let joints = 0;
  let at = start;
  for (; at < length; at++) {
    const code = message.charCodeAt(at);
    const kind = kindOf(code);
    if (kind === letter) {
      if (code >= firstOfDenseScripts && endsDenseRun(message, start, at)) break;
      if (code < firstOfDenseScripts && at > start && isDense(message, at - 1)) break;
      continue;
    }
    if (kind === digit) {
      if (at > start && isDense(message, at - 1)) break;
      continue;
    }
    if (kind !== joint) {
      if (!isInnerApostrophe(message, code, at, start)) break;
      continue;
    }
    if ((code === dot || code === dash) && isFill(message, at, code)) break;
    if (code === colon) {
      colons++;
      if (message.charCodeAt(at + 1) === slash && message.charCodeAt(at + 2) === slash) {
        line.addValue();
        return endOfUrl(message, at);
      }
    }
    joints++;
  }
  if (at === start) return start + 1;
  if (joints === 0) addPiece(message, start, at, line, isAfterMark(message, start));
  else {
    addJoined(message, start, at, colons, line);
    // What is asked of a path belongs to it.
    if (message.charCodeAt(at) === question && line.endsInValue()) return endOfUrl(message, at);
  }
  return at;
}

/** A run of dots, or of dashes that is long or has no word after it, fills a column. */
function isFill(message: string, at: number, code: number): boolean {
  if (message.charCodeAt(at + 1) !== code) return false;
  if (code === dot) return true;
  let next = at + 2;
  while (message.charCodeAt(next) === code) if (++next - at > maxDashes) return true;
  const after = next < message.length ? kindOf(message.charCodeAt(next)) : 0;
  return after !== letter && after !== digit;
}

function endOfUrl(message: string, at: number): number {
  let end = at;
  while (end < message.length) {
    const code = message.charCodeAt(end);
    const kind = kindOf(code);
    if (isSpace(code) || kind === quote || kind === closing || code === 0x3c || code === 0x3e)
      break;
    end++;
  }
  return end;
}

/** Times, addresses of hosts and devices, and places in files are one value; otherwise each side of a `:` is its own piece. */
function addJoined(message: string, start: number, end: number, colons: number, line: Line): void {
  let from = start;
  let to = end;
  while (to > from && message.charCodeAt(to - 1) === colon) to--;
  const inner = colons - (end - to);
  if (inner >= 2 && isHexadecimal(message, from, to, colon)) return line.addValue();
  if (inner >= 1 && isPlaceAndNumber(message, from, to)) return line.addValue();
  if (isDrive(message, from, to)) return line.addValue();
  let isValue = isAfterMark(message, start);
  while (from < to) {
    let next = from;
    while (next < to && message.charCodeAt(next) !== colon) next++;
    addPiece(message, from, next, line, isValue);
    isValue = true;
    from = next + 1;
  }
}

/** `example.com:80`, `/10.0.0.1:80`, `cart.ts:12:5`: a dotted name or a path, then only numbers. */
function isPlaceAndNumber(message: string, start: number, end: number): boolean {
  let at = end;
  let digits = 0;
  for (; at > start; at--) {
    const code = message.charCodeAt(at - 1);
    if (kindOf(code) === digit) digits++;
    else if (code !== colon) break;
  }
  if (digits === 0 || message.charCodeAt(at) !== colon) return false;
  let isPlace = false;
  for (let next = start; next < at; next++) {
    const code = message.charCodeAt(next);
    if (code === colon) return false;
    if (code === dot || code === slash || kindOf(code) === digit) isPlace = true;
  }
  return isPlace;
}

function isDrive(message: string, start: number, end: number): boolean {
  return (
    end - start > 2 &&
    kindOf(message.charCodeAt(start)) === letter &&
    message.charCodeAt(start + 1) === colon &&
    message.charCodeAt(start + 2) === backslash
  );
}

/** Whether what begins at `start` stands after `=` or `: `, where a value is written. */
function isAfterMark(message: string, start: number): boolean {
  let at = start - 1;
  while (at >= 0 && message.charCodeAt(at) === 0x20) at--;
  if (at < 0) return false;
  const code = message.charCodeAt(at);
  return code === colon || kindOf(code) === equals;
}

const isDense = (message: string, at: number): boolean =>
  message.charCodeAt(at) >= firstOfDenseScripts;

const endsDenseRun = (message: string, start: number, at: number): boolean =>
  at > start && !isDense(message, at - 1);

function isInnerApostrophe(message: string, code: number, at: number, start: number): boolean {
  return (
    (code === apostrophe || code === 0x2019) &&
    at > start &&
    kindOf(message.charCodeAt(at - 1)) === letter &&
    at + 1 < message.length &&
    kindOf(message.charCodeAt(at + 1)) === letter
  );
}
