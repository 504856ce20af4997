/** The ways in which a text may stand within another one: escaped by JSON, addresses, HTML or a shell, at any depth. */

/** Escapes of JSON and of Node's inspect that are letters. */
const letters: Record<string, string> = { '\b': 'b', '\f': 'f', '\v': 'v', '\0': '0' };
const entities: Record<string, string> = {
  '"': 'quot',
  "'": 'apos',
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
};

const syntax = /[\\^$.*+?()[\]{}|/]/;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** Deeper than documents within documents go; without a bound a text of nothing else would take its square. */
export const deepest = 64;
const slashes = `\\\\{1,${deepest}}`;
const escaped = `\\\\{0,${deepest}}`;

/** A character of an address may be encoded more than once: `%25` is the percent sign. */
const percent = (bytes: Buffer): string =>
  [...bytes].map((byte) => `%(?:25){0,8}${hex(byte, 2)}`).join('');

/** One code point: as it is, or in any of its escapes. A source of a regular expression that ignores case. */
function characterSource(character: string, order: Order): string {
  const bytes = Buffer.from(character);
  const code = character.codePointAt(0)!;
  const units = Array.from({ length: character.length }, (_, at) =>
    hex(character.charCodeAt(at), 4),
  );
  const plain = /[A-Za-z0-9]/.test(character)
    ? character
    : `${escaped}${character.replace(syntax, '\\$&')}`;
  const ways = [
    units.map((unit) => `${slashes}u${unit}`).join(''),
    [...bytes].map((byte) => `${slashes}x${hex(byte, 2)}`).join(''),
    percent(bytes),
    `&(?:amp;){0,8}#(?:0{0,8}${code}|x0{0,8}${code.toString(16)});`,
  ];
  if (entities[character]) ways.push(`&(?:amp;){0,8}${entities[character]};`);
  if (letters[character]) ways.push(`${slashes}${letters[character]}`);
  // As forms write it.
  if (character === ' ') ways.push('\\+');
  return (order === 'plain first' ? [plain, ...ways] : [...ways, plain]).join('|');
}

/** Ends of lines and tabs become one space, or nothing, where text is made one line. */
const breaks = `(?:\\s|${slashes}[nrt]|${slashes}u00(?:0a|0d|09)|%(?:25){0,8}0[ad9]|&(?:amp;){0,8}#(?:x0{0,8}[ad9]|0{0,8}(?:10|13|9));){0,64}`;

function tokenSource(token: string, order: Order): string {
  if (/^[\r\n\t]/.test(token)) return breaks;
  // Each JSON document around it doubles them.
  if (token.startsWith('\\')) {
    const { length } = token;
    return `(?:\\\\{${length},${length * deepest}}|(?:%(?:25){0,8}5c){1,${length * 2}}|(?:${slashes}u005c)+|(?:${slashes}x5c)+)`;
  }
  return `(?:${characterSource(token, order)})`;
}

/** What is tried first where a text can be read in two ways: `%25` is one percent sign, or three characters. */
export type Order = 'plain first' | 'escaped first';

const known = new Map<string, RegExp>();
const mostKnown = 10_000;

function patternOf(token: string, order: Order): RegExp {
  const key = `${order} ${token}`;
  const found = known.get(key);
  if (found) return found;
  const made = new RegExp(tokenSource(token, order), 'iuy');
  if (known.size < mostKnown) known.set(key, made);
  return made;
}

/** A text as a row of patterns, each of which matches one part of it, however that is written. */
export interface Encoded {
  tokens: readonly string[];
  parts: readonly RegExp[];
}

export function encoded(text: string, order: Order = 'plain first'): Encoded {
  const tokens = text.match(/[\r\n\t]+|\\+|[^]/gu) ?? [];
  return { tokens, parts: tokens.map((token) => patternOf(token, order)) };
}

/** How many parts of it, from `from` on, stand in `text` at `at`, and where they end. */
export function walk(
  { parts }: Encoded,
  text: string,
  at: number,
  from = 0,
): { count: number; end: number } {
  let end = at;
  for (let part = from; part < parts.length; part += 1) {
    const pattern = parts[part]!;
    pattern.lastIndex = end;
    if (!pattern.test(text)) return { count: part - from, end };
    end = pattern.lastIndex;
  }
  return { count: parts.length - from, end };
}
