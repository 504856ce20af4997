/** What is a value by its form. Each function looks at `text` from `start` to `end`. */
import { digit, kindOf, letter } from './characters.ts';
import { domains, secondLevel } from './words.ts';

const dot = 0x2e;

const isHexDigit = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x41 && code <= 0x46) ||
  (code >= 0x61 && code <= 0x66);

/** Only hexadecimal digits, dots, and `also`: a time, an IPv6 address, a MAC address, a hash. */
export function isHexadecimal(text: string, start: number, end: number, also = dot): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (!isHexDigit(code) && code !== dot && code !== also) return false;
  }
  return true;
}

export function hasDigit(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (kindOf(text.charCodeAt(at)) === digit) return true;
  return false;
}

/** `db.example.com`, `www.example.co.uk`: lower case, and a top level that everybody knows. */
export function isHost(text: string, start: number, end: number): boolean {
  const last = lastDot(text, start, end);
  if (last <= start) return false;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x41 && code <= 0x5a) return false;
  }
  if (domains.has(text, last + 1, end)) return true;
  if (end - last !== 3 || kindOf(text.charCodeAt(end - 1)) !== letter) return false;
  const second = lastDot(text, start, last);
  return second > start && secondLevel.has(text, second + 1, last);
}

/** Where the last dot stands; -1 without one. It does not look further back, as `lastIndexOf` would. */
export function lastDot(text: string, start: number, end: number): number {
  for (let at = end - 1; at >= start; at--) if (text.charCodeAt(at) === dot) return at;
  return -1;
}
