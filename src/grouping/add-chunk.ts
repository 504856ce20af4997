/** A chunk with joints in it: which colons, dots and slashes hold one value together, and which stand between words. */
import { addPiece } from './add-piece.ts';
import { digit, equals, kindOf, letter } from './characters.ts';
import type { Line } from './line.ts';
import { isHexadecimal } from './values.ts';

const dash = 0x2d;
const dot = 0x2e;
const slash = 0x2f;
const colon = 0x3a;
const backslash = 0x5c;

/** Times, addresses of hosts and devices, and places in files are one value; otherwise each side of a `:` is its own piece. */
export function addChunk(
  message: string,
  start: number,
  end: number,
  colons: number,
  line: Line,
): void {
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
    else if (code === dash) {
      // `:-1`: a port or a line that is not known.
      if (digits === 0 || message.charCodeAt(at - 2) !== colon) return false;
    } else if (code !== colon) break;
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

/** Whether what begins at `start` stands behind `=` or `: `, where a value is written. */
export function isAfterMark(message: string, start: number): boolean {
  let at = start - 1;
  while (at >= 0 && message.charCodeAt(at) === 0x20) at--;
  if (at < 0) return false;
  const code = message.charCodeAt(at);
  return code === colon || kindOf(code) === equals;
}
