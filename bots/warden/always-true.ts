/** Whether the condition of a policy, as PostgreSQL prints it, holds for every row. */

/** all: for every user; signed-in: for every user who is signed in */
export type Truth = 'all' | 'signed-in';

/** `auth.uid()` and `auth.role()`, also as `( SELECT auth.uid() AS uid)`. */
const call = (name: string) =>
  String.raw`(?:auth\.${name}\(\)|\(\s*SELECT auth\.${name}\(\)(?: AS \w+)?\))`;
const anybodySignedIn = new RegExp(
  `^(?:${call('uid')} IS NOT NULL|${call('role')} = 'authenticated'(?:::text)?)$`,
);

/**
 * Knows literals, a value that equals itself, NOT false, AND and OR of these, and the tests whether the user is
 * signed in. Anything else is a condition.
 */
export function alwaysTrue(condition: string | null): Truth | null {
  if (condition === null) return null;
  const text = withoutParentheses(condition.trim());
  const alternatives = parts(text, ' OR ');
  if (alternatives.length > 1) {
    const truths = alternatives.map(alwaysTrue);
    return truths.includes('all') ? 'all' : (truths.find(Boolean) ?? null);
  }
  const conditions = parts(text, ' AND ');
  if (conditions.length > 1) {
    const truths = new Set(conditions.map(alwaysTrue));
    if (truths.has(null)) return null;
    return truths.has('signed-in') ? 'signed-in' : 'all';
  }
  if (/^(true|NOT false|'(t|true)'::boolean)$/i.test(text)) return 'all';
  const sides = parts(text, ' = ');
  if (sides.length === 2 && withoutParentheses(sides[0]!) === withoutParentheses(sides[1]!))
    return 'all';
  return anybodySignedIn.test(text) ? 'signed-in' : null;
}

/** Without parentheses around the whole. A subquery keeps its own. */
function withoutParentheses(text: string): string {
  const inner = text.slice(1, -1);
  const isWrapped = text.startsWith('(') && text.endsWith(')') && isBalanced(inner);
  return isWrapped && !/^\s*SELECT\b/.test(inner) ? withoutParentheses(inner.trim()) : text;
}

/** Whether each parenthesis of a text has its pair in the text. */
const isBalanced = (text: string): boolean => {
  let depth = 0;
  for (const { 0: token } of text.matchAll(tokens)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
};

/** Quoted text is one token, so that nothing in it counts. */
const tokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[\s\S]/g;

/** The parts between separators that stand in no parentheses and in no quotes. */
function parts(text: string, separator: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let begin = 0;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth === 0 && index >= begin && text.startsWith(separator, index)) {
      found.push(text.slice(begin, index));
      begin = index + separator.length;
    }
  }
  return [...found, text.slice(begin)].map((part) => part.trim());
}
