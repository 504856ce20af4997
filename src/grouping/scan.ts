/**
 * Reads a message once, from left to right, and fills a line with its tokens. Written by hand because it runs for each row:
 * a regular expression for each kind of value would read the message as many times.
 */
import { closing, digit, equals, joint, kindOf, letter, opening, quote } from './characters.ts';
import { isSpace, readChunk } from './read-chunk.ts';
import type { Line } from './line.ts';
import { lastDot } from './values.ts';

/** A quoted value is not longer; a quote that has no other half costs no more than this. */
const maxQuoted = 256;
const maxDepth = 32;
/** How many tokens there were where each open bracket began. */
const opened = new Int32Array(maxDepth);

/** `message` is well formed and within its bound. */
export function scan(message: string, line: Line): void {
  line.begin(message);
  const { length } = message;
  let depth = 0;
  let at = 0;
  while (at < length && !line.isFull) {
    switch (kindOf(message.charCodeAt(at))) {
      case letter:
      case digit:
      case joint:
        at = readChunk(message, at, line);
        break;
      case opening:
        if (depth < maxDepth) opened[depth] = line.count;
        depth++;
        at++;
        break;
      case closing:
        if (depth > 0 && --depth < maxDepth) closeBracket(line, opened[depth]!);
        at++;
        break;
      case quote:
        at = readQuote(message, at, line);
        break;
      default:
        at++;
    }
  }
  line.end();
}

/**
 * What is in brackets and holds only values, `(5)` or `(on off)`, may be missing in the next message, so it does not count. A
 * dotted name behind a value is the name of that address.
 */
function closeBracket(line: Line, from: number): void {
  // A value took the month before the bracket with it.
  if (line.count <= from) return;
  if (!isNameOfValue(line, from))
    for (let at = from; at < line.count; at++) if (!line.isValue(at)) return;
  line.count = from;
}

function isNameOfValue({ message, starts, ends, count }: Line, at: number): boolean {
  const isOnly = count - at === 1 && at > 0 && starts[at - 1] === -1 && starts[at] !== -1;
  return isOnly && lastDot(message, starts[at]!, ends[at]!) !== -1;
}

/** One word in quotes is a value; several are a sentence, unless they stand after `=`. Answers where to go on. */
function readQuote(message: string, at: number, line: Line): number {
  const before = at > 0 ? message.charCodeAt(at - 1) : 0;
  const isApostrophe = kindOf(before) === letter || kindOf(before) === digit;
  if (isApostrophe) return at + 1;
  const mark = message.charCodeAt(at);
  const mayHoldSpaces = line.isAssigned(at);
  const end = Math.min(message.length, at + maxQuoted);
  for (let next = at + 1; next < end; next++) {
    const code = message.charCodeAt(next);
    if (isSpace(code) && !mayHoldSpaces) return at + 1;
    if (code !== mark && (code < 128 || kindOf(code) !== quote)) continue;
    const after = next + 1 < message.length ? kindOf(message.charCodeAt(next + 1)) : 0;
    if (after === letter || after === digit) continue;
    line.addValue();
    return next + 1;
  }
  return at + 1;
}
