/** Patterns for the ways to write a text within another one: escaped by JSON, URLs, HTML, mail or a shell, at any depth. */

/** Escapes of JSON and of Node's inspect that use letters. */
const letters: Record<string, string> = { '\b': 'b', '\f': 'f', '\v': 'v', '\0': '0' };
const entities: Record<string, string> = {
  '"': 'quot',
  "'": 'apos',
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
};

const syntax = /[\\^$.*+?()[\]{}|/]/;

const alphanumeric = /^[A-Za-z0-9]$/;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * The most backslashes of one escape: nested documents have fewer. Without a limit, a text of backslashes alone would take
 * quadratic time.
 */
export const maxBackslashes = 64;
const slashes = `\\\\{1,${maxBackslashes}}`;
const escaped = `\\\\{0,${maxBackslashes}}`;

/** Bytes as URLs write them, where `%25` is the percent sign of an earlier encoding, and as mail writes them. */
const percentEncoded = (bytes: Buffer): string =>
  [...bytes].map((byte) => `%(?:25){0,8}${hex(byte, 2)}`).join('');
const mailEncoded = (bytes: Buffer): string =>
  [...bytes].map((byte) => `=${hex(byte, 2)}`).join('');
const byteOf = (byte: number): string => `x${hex(byte, 2)}|${byte.toString(8).padStart(3, '0')}`;

/** An alternative for the name of a character in HTML; for characters with a rare name it matches any name. */
function nameOf(character: string): string {
  if (entities[character]) return `|${entities[character]};`;
  return alphanumeric.test(character) ? '' : '|[a-z]{2,8};';
}

/** The ways to write one code point, except the character itself. */
function escapesOf(character: string): string[] {
  const bytes = Buffer.from(character);
  const code = character.codePointAt(0)!;
  const number = `0{0,8}${code.toString(16)}`;
  const ofCode = [
    `u\\{${number}\\}`,
    `U${number}`,
    ...(code < 0x100 ? [byteOf(code)] : []),
    ...(letters[character] ? [letters[character]] : []),
  ];
  const units = Array.from({ length: character.length }, (_, index) =>
    hex(character.charCodeAt(index), 4),
  );
  // One alternative for each character that begins an escape, so that text without an escape fails at once.
  const ways = [
    units.length === 1
      ? `${slashes}(?:${[`u${units[0]}`, ...ofCode].join('|')})`
      : `${units.map((unit) => `${slashes}u${unit}`).join('')}|${slashes}(?:${ofCode.join('|')})`,
    percentEncoded(bytes),
    mailEncoded(bytes),
    `&(?:amp;){0,8}(?:#(?:0{0,8}${code}|x${number});${nameOf(character)})`,
  ];
  // This way comes first, because the first byte alone could also be read as another character.
  if (code >= 0x80)
    ways.unshift([...bytes].map((byte) => `${slashes}(?:${byteOf(byte)})`).join(''));
  if (code >= 0x80 && code <= 0xff)
    ways.push(percentEncoded(Buffer.of(code)), mailEncoded(Buffer.of(code)));
  // As HTML forms encode a space.
  if (character === ' ') ways.push('\\+');
  return ways;
}

const plainOf = (character: string): string =>
  alphanumeric.test(character) ? character : `${escaped}${character.replace(syntax, '\\$&')}`;

/** One code point: itself, or any of its escapes. The source of a regular expression that ignores case. */
function characterSource(character: string, order: Order): string {
  const plain = plainOf(character);
  const ways = escapesOf(character);
  // A character that could not be decoded becomes one mark (U+FFFD or ?), or one mark for each of its bytes.
  const { length } = Buffer.from(character);
  if (length > 1 && order === 'plain first') ways.push('\\uFFFD', '\\?');
  else if (length > 1) ways.push(`\\uFFFD{${length}}`, `\\?{${length}}`);
  return (order === 'plain first' ? [plain, ...ways] : [...ways, plain]).join('|');
}

/** The source of a pattern for line ends and tabs, themselves (`raw`) and escaped. */
const lineEndSource = (
  raw: string,
  letter: string,
  low: string,
  decimal: string,
  octal: string,
): string =>
  `${raw}|${slashes}(?:[${letter}]|(?:u00|x|u\\{)0?[${low}]\\}?|01[${octal}])|%(?:25){0,8}0[${low}]|=0[${low}]|&(?:amp;){0,8}#(?:x0{0,8}[${low}]|0{0,8}(?:${decimal}));`;

/** A series of line ends, tabs and spaces: when a text is put on one line, it becomes one space, or nothing. */
const breaks = `(?:=?(?:${lineEndSource('\\s', 'nrt', 'ad9', '10|13|9', '125')})){0,64}`;

const lineEnd = lineEndSource('[\\r\\n]', 'nr', 'ad', '10|13', '25');

/** What may stand between two characters: mail ends lines with `=`; base64 and hexadecimal may break anywhere. */
export const between: Record<Wrapping, RegExp> = {
  text: new RegExp(`=(?:${lineEnd}){1,2}`, 'iuy'),
  base64: new RegExp(`=?(?:${lineEnd}){1,2}[ \\t]{0,16}`, 'iuy'),
  // Between two bytes also what begins an escape: `%1f%8b`, `\\x1f\\x8b`.
  hexadecimal: new RegExp(`(?:${slashes}x|[ \\t:%-]|${lineEnd}){1,16}`, 'iuy'),
};

/** The kind of a text, which decides how it is broken into lines. */
export type Wrapping = 'text' | 'base64' | 'hexadecimal';

/** The source of a pattern that ignores case: all ways to write one part of a text, a character or a run of them. */
export function tokenSource(token: string, order: Order): string {
  if (/^[\r\n\t]/.test(token)) return breaks;
  if (token.startsWith('\\')) return backslashes(token.length, order);
  return `(?:${characterSource(token, order)})`;
}

function backslashes(length: number, order: Order): string {
  // Each JSON document around the text doubles its backslashes.
  const plain = `\\\\{${length},${length * maxBackslashes}}`;
  const ways = [
    `(?:%(?:25){0,8}5c){1,${length * 2}}`,
    `(?:${slashes}(?:u005c|x5c|134|u\\{0{0,8}5c\\}|U0{0,8}5c))+`,
    '(?:=5c)+',
    '(?:&(?:amp;){0,8}(?:#(?:0{0,8}92|x0{0,8}5c)|bsol);)+',
  ];
  return `(?:${(order === 'plain first' ? [plain, ...ways] : [...ways, plain]).join('|')})`;
}

/** Which reading is tried first where a text has two: `%25` is one percent sign, or three characters. */
export type Order = 'plain first' | 'escaped first';
