/** Finds a text within another one, in whatever way it is escaped there. */
import { between, tokenSource, type Order, type Wrapping } from './escapes.ts';

/**
 * Patterns of one-byte characters, shared by all texts; each text keeps its own patterns for the many other
 * characters.
 */
const known = new Map<string, RegExp>();
const isShared = (token: string): boolean => token.length === 1 && token <= '\u00FF';

function patternOf(token: string, order: Order, own: Map<string, RegExp>): RegExp {
  const key = `${order} ${token}`;
  const patterns = isShared(token) ? known : own;
  const found = patterns.get(key);
  if (found) return found;
  const made = new RegExp(tokenSource(token, order), 'iuy');
  patterns.set(key, made);
  return made;
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
  return (mayBeBetween.test(first) ? endBehind(part, before, text, at) : null) ?? end;
}

function endBehind(part: RegExp, before: RegExp, text: string, at: number): number | null {
  before.lastIndex = at;
  if (!before.test(text)) return null;
  part.lastIndex = before.lastIndex;
  return part.test(text) ? part.lastIndex : null;
}

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

/** How many of its parts, from `from` on, stand in `text` at `at`, and where they end. */
export function walk(
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
