/**
 * Cuts a text of SQL into its statements, as PostgreSQL's lexer sees them:
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html. A semicolon ends a statement, except in quotes, in comments, in
 * parentheses (CREATE RULE), and in a body of BEGIN ATOMIC ... END.
 */

/** What stands at one place: it is skipped as a whole. The order matters. */
const pieces = {
  lineComment: /--[^\n]*/y,
  escaped: /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y,
  text: /'(?:[^']|'')*'/y,
  name: /"(?:[^"]|"")*"/y,
  dollar: /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y,
  word: /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y,
};

type Piece = keyof typeof pieces;

const kinds = Object.keys(pieces) as Piece[];

/** The piece at this place, and its end. */
function pieceAt(text: string, at: number): { kind: Piece; end: number } | null {
  for (const kind of kinds) {
    const pattern = pieces[kind];
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return { kind, end: at + found[0].length };
  }
  return null;
}

/** The end of a comment that begins here; such comments may stand in each other. */
function endOfBlockComment(text: string, at: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = at;
  let depth = 0;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.index + 2;
  }
  return text.length;
}

/** Each statement with the comments before it, and without its semicolon. */
export function* statementsIn(text: string): Generator<string> {
  let start = 0;
  let parentheses = 0;
  // In a body of BEGIN ATOMIC, how many END are still to come: CASE has one, too.
  let blocks = 0;
  let word = '';
  let isEmpty = true;
  for (let at = 0; at < text.length;) {
    if (text.startsWith('/*', at)) {
      at = endOfBlockComment(text, at);
      continue;
    }
    const piece = pieceAt(text, at);
    if (!piece) {
      const sign = text[at]!;
      if (sign === '(') parentheses += 1;
      else if (sign === ')') parentheses -= 1;
      else if (sign === ';' && parentheses <= 0 && blocks === 0) {
        if (!isEmpty) yield text.slice(start, at).trim();
        [start, parentheses, word, isEmpty] = [at + 1, 0, '', true];
      }
      if (sign !== ';' && !/\s/.test(sign)) isEmpty = false;
      at += 1;
      continue;
    }
    let { end } = piece;
    if (piece.kind === 'dollar') {
      const close = text.indexOf(text.slice(at, end), end);
      end = close === -1 ? text.length : close + (end - at);
    }
    if (piece.kind === 'word') {
      const before = word;
      word = text.slice(at, end).toUpperCase();
      if (word === 'ATOMIC' && before === 'BEGIN') blocks = 1;
      else if (blocks > 0 && word === 'CASE') blocks += 1;
      else if (blocks > 0 && word === 'END') blocks -= 1;
    }
    if (piece.kind !== 'lineComment') isEmpty = false;
    at = end;
  }
  if (!isEmpty) yield text.slice(start).trim();
}
