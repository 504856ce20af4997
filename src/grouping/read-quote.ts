/** What stands in quotes: a value, a key, or a sentence. */
import { addPlain } from './add-piece.ts';
import { digit, kindOf, letter, quote } from './characters.ts';
import { keyBefore } from './key-before.ts';
import { isSpace } from './read-chunk.ts';
import type { Line } from './line.ts';
import { hasDigit } from './values.ts';

/** A quoted value is not longer; a quote that has no other half costs no more than this. */
const maxQuoted = 256;

const colon = 0x3a;
const comma = 0x2c;
const brace = 0x7b;
const backslash = 0x5c;

/**
 * One word in quotes is a value, and a key before `:` is a word. Several words are a sentence, unless they are assigned to a key that
 * does not announce one. Answers where to go on.
 */
export function readQuote(message: string, at: number, line: Line): number {
  if (at === line.sentenceEnd) return at + 1;
  const before = at > 0 ? kindOf(message.charCodeAt(at - 1)) : 0;
  const isApostrophe = before === letter || before === digit;
  if (isApostrophe) return at + 1;
  const key = keyBefore(line, at);
  const end = endOfQuote(message, at, key !== 'none');
  if (key === 'telling') line.sentenceEnd = end;
  if (end === -1 || key === 'telling') return at + 1;
  if (key === 'none' && isKey(message, at, end, line)) {
    line.hasKeys = true;
    addPlain(message, at + 1, end, line, hasDigit(message, at + 1, end) ? 1 : 0, false);
  } else line.addValue();
  return end + 1;
}

/** Where the other half stands; -1 without one. */
function endOfQuote(message: string, at: number, mayHoldSpaces: boolean): number {
  const mark = message.charCodeAt(at);
  const end = Math.min(message.length, at + maxQuoted);
  for (let next = at + 1; next < end; next++) {
    const code = message.charCodeAt(next);
    if (isSpace(code) && !mayHoldSpaces) return -1;
    if (code === backslash && mayHoldSpaces && message.charCodeAt(next + 1) === mark) next++;
    else if (code === mark || (code >= 128 && kindOf(code) === quote)) {
      const after = next + 1 < message.length ? kindOf(message.charCodeAt(next + 1)) : 0;
      if (after !== letter && after !== digit) return next;
    }
  }
  return -1;
}

/** `{"key":`, and `, "key":` behind another key. In `"a.txt": no such file` it is a value. */
function isKey(message: string, start: number, end: number, line: Line): boolean {
  if (end === start + 1 || message.charCodeAt(end + 1) !== colon) return false;
  let at = start - 1;
  while (at >= 0 && isSpace(message.charCodeAt(at))) at--;
  const before = message.charCodeAt(at);
  return before === brace || (line.hasKeys && before === comma);
}
