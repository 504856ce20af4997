/** Finds in a file's text what changes the state of a row of the bots' tables: SQL, Kysely, and calls of SQL functions that do. */

/** The columns that say in which state a row is. */
export const stateColumns: Record<string, readonly string[]> = {
  bots: ['status'],
  bot_executions: ['status'],
  bot_findings: ['resolved_at'],
  bot_actions: ['state'],
  bot_decisions: ['outcome', 'answer'],
  bot_tickets: ['status'],
  bot_knowledge: ['autonomy'],
  bot_notifications: ['status'],
};

const tables = Object.keys(stateColumns).join('|');
const named = String.raw`(?:ONLY\s+)?(?:public\.)?"?(${tables})"?`;

/** A row that is inserted is in its first state, whether the statement says it or the column's default. */
const inserts = new RegExp(
  String.raw`\b(?:INSERT|MERGE)\s+INTO\s+${named}(?![\w.])|\bCOPY\s+${named}\s*(?:\([^)]*\)\s*)?FROM\b`,
  'gi',
);
const updates = new RegExp(
  String.raw`\bUPDATE\s+${named}(?:\s+(?:AS\s+)?(?!SET\b)\w+)?\s+SET\b`,
  'gi',
);
const builderInserts = new RegExp(
  String.raw`\.(?:insertInto|mergeInto|replaceInto)\(\s*['"\`](?:public\.)?(${tables})(?:\s+as\s+\w+)?['"\`]`,
  'gi',
);
const builderUpdates = new RegExp(
  String.raw`\.updateTable\(\s*['"\`](?:public\.)?(${tables})(?:\s+as\s+\w+)?['"\`]`,
  'gi',
);
/** What such a statement writes cannot be read here: it may be a table of the bots. */
const unnamed =
  /\b(?:UPDATE|(?:INSERT|MERGE)\s+INTO)\s+\$\{|\.(?:updateTable|insertInto|mergeInto|replaceInto)\(\s*(?!['"`])[^)]/gi;

/**
 * `table.column` of each state that the text writes, once; `?` for a table whose name the text does not say.
 * `functions` are names of SQL functions that change a state: whoever calls one changes it.
 */
export function stateWrites(text: string, functions: readonly string[] = []): string[] {
  const code = withoutComments(text);
  const found = new Set<string>();
  const all = (table: string) =>
    stateColumns[table.toLowerCase()]!.map((column) => `${table.toLowerCase()}.${column}`);
  for (const [, first, second] of code.matchAll(inserts))
    for (const each of all((first ?? second)!)) found.add(each);
  for (const [, table] of code.matchAll(builderInserts))
    for (const each of all(table!)) found.add(each);
  for (const match of code.matchAll(updates)) {
    const targets = assigned(code.slice(match.index + match[0].length));
    for (const each of all(match[1]!))
      if (targets.some((target) => isNamedIn(target, each))) found.add(each);
  }
  for (const match of code.matchAll(builderUpdates)) {
    const keys = setKeys(code.slice(match.index + match[0].length));
    for (const each of all(match[1]!))
      if (!keys || keys.some((key) => isNamedIn(key, each))) found.add(each);
  }
  if (unnamed.test(code)) found.add('?');
  unnamed.lastIndex = 0;
  for (const name of functions)
    if (new RegExp(String.raw`\bengine\.${name}\s*\(`).test(code)) found.add(`engine.${name}()`);
  return [...found];
}

/** Names of the SQL functions in the text of a migration that change a state, triggers aside: they follow a change. */
export const writingFunctions = (migration: string): string[] =>
  [
    ...migration.matchAll(
      /CREATE (?:OR REPLACE )?FUNCTION engine\.(\w+)\s*\(([\s\S]*?)\$\$([\s\S]*?)\$\$/g,
    ),
  ]
    .filter(([, , head, body]) => !/RETURNS trigger/i.test(head!) && stateWrites(body!).length > 0)
    .map(([, name]) => name!);

const isNamedIn = (target: string, state: string): boolean =>
  target === '?' || new RegExp(String.raw`\b${state.split('.')[1]}\b`).test(target);

/** SQL's and TypeScript's: a comment may speak of what it does not do. */
const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, ' ').replaceAll(/(?<![:\w'"`])(?:--|\/\/)[^\n]*/g, ' ');

/** The left sides of a SET list; `?` for one that stands in a variable. */
function assigned(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at]!;
    if ('([{'.includes(letter)) depth += 1;
    if (')]}'.includes(letter)) depth -= 1;
    if (depth < 0 || letter === '`' || letter === ';') break;
    if (
      depth === 0 &&
      /^(?:FROM|WHERE|RETURNING)\b/i.test(text.slice(at)) &&
      !/\w/.test(text[at - 1] ?? '')
    )
      break;
    if (depth === 0 && letter === ',') {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  return [...parts, part].map((each) => (/^\s*\$\{/.test(each) ? '?' : each.split('=')[0]!));
}

/** The keys that the next `.set(` names; undefined where they cannot be read. */
function setKeys(text: string): string[] | undefined {
  const start = /\.set\(\s*/.exec(text);
  if (!start) return undefined;
  const given = text.slice(start.index + start[0].length);
  const name = /^['"](\w+)['"]\s*,/.exec(given);
  if (name) return [name[1]!];
  if (!given.startsWith('{')) return undefined;
  const keys: string[] = [];
  let key = '';
  let depth = 0;
  for (const letter of given) {
    if ('([{'.includes(letter)) depth += 1;
    if (')]}'.includes(letter)) depth -= 1;
    if (depth === 0) break;
    if (depth === 1 && letter === ',') {
      keys.push(key);
      key = '';
    } else key += letter;
  }
  keys.push(key);
  const found = keys.map((key) => key.replace(/^\s*\{?\s*/, '').split(/[:\s]/)[0]!).filter(Boolean);
  return found.some((key) => key.startsWith('...')) ? undefined : found;
}
