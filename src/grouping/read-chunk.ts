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
import { keyBefore } from './key-before.ts';
import type { Line } from './line.ts';
import { addChunk, isAfterMark } from './add-chunk.ts';
import { addPlain } from './add-piece.ts';

const dot = 0x2e;
const dash = 0x2d;
const slash = 0x2f;
const colon = 0x3a;
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
  let digits = 0;
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
      digits++;
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
  if (joints === 0) addPlain(message, start, at, line, digits, isAfterMark(message, start));
  else {
    if (kindOf(message.charCodeAt(start - 1)) === equals && keyBefore(line, start) === 'plain')
      line.addValue();
    else addChunk(message, start, at, colons, line);
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
