/**
 * Reads a message once, from left to right, and fills a line with its tokens. Written by hand because it runs for each row:
 * a regular expression for each kind of value would read the message as many times.
 */
import { closing, digit, joint, kindOf, letter, opening, quote } from './characters.ts';
import { readChunk } from './read-chunk.ts';
import { readQuote } from './read-quote.ts';
import type { Line } from './line.ts';
import { lastDot } from './values.ts';

const maxDepth = 32;
/** How many tokens there were where each open bracket began. */
const opened = new Int32Array(maxDepth);
/** 1 for a bracket that holds a value whatever it says: `Key (email)=(Ann Lee)`. */
const assigned = new Uint8Array(maxDepth);

const escape = 0x1b;

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
        if (depth < maxDepth) {
          opened[depth] = line.count;
          assigned[depth] = message.startsWith(')=(', at - 2) ? 1 : 0;
        }
        depth++;
        at++;
        break;
      case closing:
        if (depth > 0 && --depth < maxDepth)
          closeBracket(line, opened[depth]!, assigned[depth] === 1);
        at++;
        break;
      case quote:
        at = readQuote(message, at, line);
        break;
      default:
        at = message.charCodeAt(at) === escape ? endOfEscape(message, at) : at + 1;
    }
  }
  line.end();
}

/**
 * What is in brackets and holds only values, `(5)` or `(on off)`, may be missing in the next message, so it does not count. A
 * dotted name behind a value is the name of that address.
 */
function closeBracket(line: Line, from: number, isAssigned: boolean): void {
  // A value took the month before the bracket with it.
  if (line.count <= from) return;
  if (!isAssigned && !isNameOfValue(line, from))
    for (let at = from; at < line.count; at++) if (!line.isValue(at)) return;
  line.count = from;
}

function isNameOfValue({ message, starts, ends, count }: Line, at: number): boolean {
  const isOnly = count - at === 1 && at > 0 && starts[at - 1] === -1 && starts[at] !== -1;
  return isOnly && lastDot(message, starts[at]!, ends[at]!) !== -1;
}

/** Behind a colour or a movement of the cursor, as `ESC [ 31 m`; of a terminal, and not of the message. */
function endOfEscape(message: string, at: number): number {
  if (message.charCodeAt(at + 1) !== 0x5b) return at + 1;
  let end = at + 2;
  while (message.charCodeAt(end) >= 0x20 && message.charCodeAt(end) < 0x40) end++;
  return end + 1;
}
