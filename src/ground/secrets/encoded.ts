/** Recognises a text within another one, in whatever way it is escaped there. */
import { between, tokenSource, type Order, type Wrapping } from './escapes.ts';

/**
 * Patterns of one-byte characters, shared by all texts; each text keeps its own patterns for the many other
 * characters.
 */
const sharedPatterns = new Map<string, RegExp>();
const isShared = (token: string): boolean => token.length === 1 && token <= '\u00FF';

function patternOf(token: string, order: Order, own: Map<string, RegExp>): RegExp {
  const key = `${order} ${token}`;
  const patterns = isShared(token) ? sharedPatterns : own;
  const found = patterns.get(key);
  if (found) return found;
  const pattern = new RegExp(tokenSource(token, order), 'iuy');
  patterns.set(key, pattern);
  return pattern;
}

/** A text as a list of patterns. Each matches one part of the text, in every way to write that part. */
export interface Encoded {
  tokens: readonly string[];
  parts: readonly RegExp[];
  /** what may stand before each part except the first */
  between: RegExp;
}

const mayBeBetween = /[=\s\\%&:-]/;

/**
 * The end of a part that begins at `at`, or that begins after what may stand before it; null if the part does not begin
 * here.
 */
export function endOfPart(
  part: RegExp,
  before: RegExp | null,
  text: string,
  at: number,
): number | null {
  part.lastIndex = at;
  const end = part.test(text) ? part.lastIndex : null;
  if (before === null) return end;
  const first = text.charAt(at);
  // An `=` at the end of a line of mail is not part of the text itself.
  if (end !== null && first !== '=') return end;
  return (mayBeBetween.test(first) ? endAfter(part, before, text, at) : null) ?? end;
}

function endAfter(part: RegExp, before: RegExp, text: string, at: number): number | null {
  before.lastIndex = at;
  if (!before.test(text)) return null;
  part.lastIndex = before.lastIndex;
  return part.test(text) ? part.lastIndex : null;
}

/** The patterns of this text. */
export function encoded(
  text: string,
  order: Order = 'plain first',
  wrapping: Wrapping = 'text',
): Encoded {
  const tokens = text.match(/[\r\n\t]+|\\+|[^]/gu) ?? [];
  const known = new Map<string, RegExp>();
  const parts = tokens.map((token) => patternOf(token, order, known));
  return { tokens, parts, between: between[wrapping] };
}

/** Counts how many parts of the first text, from the part `from` on, stand in `text` at `at`, and says where they end. */
export function matchParts(
  { parts, between: before }: Encoded,
  text: string,
  at: number,
  from = 0,
): { count: number; end: number } {
  let end = at;
  for (let part = from; part < parts.length; part += 1) {
    const next = endOfPart(parts[part]!, part === from ? null : before, text, end);
    if (next === null) return { count: part - from, end };
    end = next;
  }
  return { count: parts.length - from, end };
}
