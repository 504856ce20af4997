/** Lists the forms that reveal a secret: its value, and the ways in which programs rewrite it. */
import { encoded, type Encoded } from './encoded.ts';
import type { Wrapping } from './escapes.ts';
import { keyOf } from './standard-key.ts';

export const redacted = '[redacted]';

export interface Secret {
  value: string;
  /** the text that replaces it; `[redacted]` by default */
  as?: string;
}

/** Parameters of a connection address that contain a password. */
const passwordParameters = ['password', 'sslpassword'];

/** The passwords in a server's address; none where there is no address. */
export function passwordsIn(address: string | undefined): string[] {
  if (!address || !URL.canParse(address)) return [];
  const { password, searchParams } = new URL(address);
  return [password, ...passwordParameters.flatMap((name) => searchParams.getAll(name))].filter(
    Boolean,
  );
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The fewest characters of a secret whose base64 and similar forms are searched for: the forms of a shorter one occur in
 * too many other texts.
 */
const minPartLength = 6;

/** The base64 characters that these bytes always produce, for each offset (0 to 2) at which the bytes may begin. */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const last = whole.length % 3 === 0 ? undefined : -1;
    const core = whole.toString('base64').replace(/=+$/, '').slice([0, 2, 3][before], last);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** The text that a base64 value holds, and the password in it after `user:`; nothing where it holds no text. */
function textsInBase64(text: string): string[] {
  if (!/^[\w+/-]{8,}={0,2}$/.test(text)) return [];
  const bytes = Buffer.from(text, 'base64');
  const decodedText = bytes.toString();
  // oxlint-disable-next-line no-control-regex
  if (!Buffer.from(decodedText).equals(bytes) || /[\u0000-\u0008\u000E-\u001F]/.test(decodedText))
    return [];
  return [decodedText, decodedText.slice(decodedText.indexOf(':') + 1)];
}

/** The fewest bytes of a key whose other forms are searched for: a shorter one may be a word that only looks like digits. */
const minKeyBytes = 12;

/**
 * The bytes for which a key stands that is written as base64 or as hexadecimal digits: whoever knows the key may show them in
 * another way. A text that can be read in both ways has two results.
 */
function bytesOfKey(text: string): Buffer[] {
  const readings: Buffer[] = [];
  if (/^(?:[\da-f]{2})+$/i.test(text)) readings.push(Buffer.from(text, 'hex'));
  const plain = text
    .replace(/={0,2}$/, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/');
  const bytes = Buffer.from(plain, 'base64');
  // Node skips what is no base64, so only a text that comes back unchanged is some.
  if (bytes.toString('base64').replace(/=+$/, '') === plain) readings.push(bytes);
  return readings.filter(({ length }) => length >= minKeyBytes && length <= maxKeyBytes);
}

/** Longer ones are no keys, but files; they would make forms of a megabyte. */
const maxKeyBytes = 8_192;

/** The long lines of a secret, because a secret of several lines is often shown line by line. */
const linesOf = (text: string): string[] =>
  text.split(/[\r\n]+/).filter((line) => line.length >= 16);

export interface Form extends Encoded {
  as: string;
  /** how many characters at its beginning also begin texts that are not secret */
  common: number;
  /** all base64 around it is redacted with it, because its ends hold the rest of the secret */
  base64: boolean;
  /** it counts only as a separate word: it is so short that other words contain it */
  word: boolean;
}

/**
 * The fewest characters of a secret that is also redacted inside a word. A shorter one occurs inside too many words, and
 * the visible rest of such a word would reveal it.
 */
const minLengthInWord = 8;

/** Characters that begin an escape. */
const escape = /[%&\\=]/;
const beyondAscii = /[\u0080-\uFFFF]/;

/**
 * The longest text in which a mark for undecodable text may stand for each byte, and not only for the whole character.
 */
const maxMarked = 512;

const isReadInTwoWays = (text: string): boolean =>
  escape.test(text) || (text.length <= maxMarked && beyondAscii.test(text));

const windows1252 = new TextDecoder('windows-1252');

/** A text whose UTF-8 was decoded as Latin-1, one character for each byte, as Node reads the headers of an answer. */
function misreadings(text: string): string[] {
  if (!beyondAscii.test(text)) return [];
  const bytes = Buffer.from(text);
  return [bytes.toString('latin1'), windows1252.decode(bytes)];
}

const orders = ['plain first', 'escaped first'] as const;

/** How many characters at the beginning of a text are not secret: of an address, its host and a few characters more. */
function commonIn(text: string): number {
  const host = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*\/?/i.exec(text)?.[0];
  return host === undefined ? 0 : host.length + 8;
}

/** All forms in which a secret is searched for. */
export function formsOf({ value, as = redacted }: Secret): Form[] {
  const plain = [...new Set([value, decodePercent(value), keyOf(value)])].filter(Boolean);
  const isLong = (text: string) => text.length >= minPartLength;
  const parts = plain
    .flatMap((each) => [
      ...textsInBase64(each),
      ...misreadings(each),
      ...linesOf(each),
      ...passwordsIn(each),
      // Letters with accents, as one character and as several.
      each.normalize('NFC'),
      each.normalize('NFD'),
    ])
    .filter(isLong);
  const written = plain.filter(isLong).map((each) => Buffer.from(each));
  const keys = plain.flatMap(bytesOfKey);
  const bytes = [...written, ...keys];
  const base64 = bytes.flatMap(base64Of).filter((core) => core.length >= 8);
  const hexadecimal = bytes.map((each) => each.toString('hex'));
  // As JSON writes a Buffer.
  const decimal = keys.map((each) => each.join(','));
  const formsIn = (text: string, wrapping: Wrapping): Form[] =>
    (isReadInTwoWays(text) ? orders : orders.slice(0, 1)).map((order) => ({
      ...encoded(text, order, wrapping),
      as,
      common: commonIn(text),
      base64: wrapping === 'base64',
      word: wrapping !== 'base64' && [...text].length < minLengthInWord,
    }));
  return [
    ...[...new Set([...plain, ...parts])].flatMap((text) => formsIn(text, 'text')),
    ...[...new Set([...hexadecimal, ...decimal])].flatMap((text) => formsIn(text, 'hexadecimal')),
    ...[...new Set(base64)].flatMap((text) => formsIn(text, 'base64')),
  ];
}
