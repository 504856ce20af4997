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

/** A character of an address may be encoded more than once: `%25` is the percent sign. */
const percent = (bytes: Buffer): string =>
  [...bytes].map((byte) => `%(?:25)*${hex(byte, 2)}`).join('');

/** One code point: as it is, or in any of its escapes. A source of a regular expression that ignores case. */
function characterSource(character: string): string {
  const bytes = Buffer.from(character);
  const code = character.codePointAt(0)!;
  const units = Array.from({ length: character.length }, (_, at) =>
    hex(character.charCodeAt(at), 4),
  );
  const plain = /[A-Za-z0-9]/.test(character)
    ? character
    : `\\\\*${character.replace(syntax, '\\$&')}`;
  const ways = [
    plain,
    units.map((unit) => `\\\\+u${unit}`).join(''),
    [...bytes].map((byte) => `\\\\+x${hex(byte, 2)}`).join(''),
    percent(bytes),
    `&(?:amp;)*#(?:0*${code}|x0*${code.toString(16)});`,
  ];
  if (entities[character]) ways.push(`&(?:amp;)*${entities[character]};`);
  if (letters[character]) ways.push(`\\\\+${letters[character]}`);
  // As forms write it.
  if (character === ' ') ways.push('\\+');
  return ways.join('|');
}

/** Ends of lines and tabs become one space where text is made one line. */
const breaks =
  '(?:\\s|\\\\+[nrt]|\\\\+u00(?:0a|0d|09)|%(?:25)*0[ad9]|&(?:amp;)*#(?:x0*[ad9]|0*(?:10|13|9));)+';

function tokenSource(token: string): string {
  if (/^[\r\n\t]/.test(token)) return breaks;
  // Each JSON document around it doubles them.
  if (token.startsWith('\\'))
    return `(?:\\\\{${token.length},}|(?:%(?:25)*5c)+|(?:\\\\+u005c)+|(?:\\\\+x5c)+)`;
  return `(?:${characterSource(token)})`;
}

const known = new Map<string, RegExp>();
const mostKnown = 5_000;

function patternOf(token: string): RegExp {
  const found = known.get(token);
  if (found) return found;
  const made = new RegExp(tokenSource(token), 'iuy');
  if (known.size < mostKnown) known.set(token, made);
  return made;
}

/** A text as a row of patterns, each of which matches one part of it, however that is written. */
export interface Encoded {
  tokens: readonly string[];
  parts: readonly RegExp[];
}

export function encoded(text: string): Encoded {
  const tokens = text.match(/[\r\n\t]+|\\+|[^]/gu) ?? [];
  return { tokens, parts: tokens.map(patternOf) };
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
