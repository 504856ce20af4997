/** The forms that reveal a secret: its value, and the ways in which programs rewrite it. */
import { encoded, type Encoded } from './encoded.ts';
import type { Wrapping } from './escapes.ts';

export const redacted = '[redacted]';

export interface Secret {
  value: string;
  /** the text that replaces it; `[redacted]` by default */
  as?: string;
}

/** Parameters of a connection address that contain a password. */
const parameters = ['password', 'sslpassword'];

/** The passwords in a server's address; none where there is no address. */
export function passwordsIn(address: string | undefined): string[] {
  if (!address || !URL.canParse(address)) return [];
  const { password, searchParams } = new URL(address);
  return [password, ...parameters.flatMap((name) => searchParams.getAll(name))].filter(Boolean);
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The base64 and similar forms of a shorter secret are not searched for, because they occur in too many other texts.
 */
const shortestPart = 6;

/** The base64 characters that these bytes always produce, for each offset (0 to 2) at which the bytes may begin. */
function base64Of(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const last = whole.length % 3 === 0 ? undefined : -1;
    const core = whole.toString('base64').replace(/=+$/, '').slice([0, 2, 3][before], last);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** The text in a base64 value, and the password after its user; nothing where it is not text. */
function textsInBase64(text: string): string[] {
  if (!/^[\w+/-]{8,}={0,2}$/.test(text)) return [];
  const bytes = Buffer.from(text, 'base64');
  const said = bytes.toString();
  // oxlint-disable-next-line no-control-regex
  if (!Buffer.from(said).equals(bytes) || /[\u0000-\u0008\u000E-\u001F]/.test(said)) return [];
  return [said, said.slice(said.indexOf(':') + 1)];
}

/** A secret of several lines is often shown line by line. */
const linesOf = (text: string): string[] =>
  text.split(/[\r\n]+/).filter((line) => line.length >= 16);

export interface Form extends Encoded {
  as: string;
  /** This many characters of its beginning also begin texts that are no secret. */
  common: number;
  /** all base64 around it is redacted with it, because its ends hold the rest of the secret */
  base64: boolean;
  /** it counts only as a separate word: it is so short that other words contain it */
  word: boolean;
}

/** A shorter secret occurs inside too many words, and the visible rest of such a word would reveal it. */
const shortestWithin = 8;

/** Characters that begin an escape. */
const escape = /[%&\\=]/;
const beyondAscii = /[\u0080-\uFFFF]/;

/**
 * In texts up to this length, a mark for undecodable text may stand for each byte and not only for the whole character.
 */
const maxMarked = 512;

const isReadInTwoWays = (text: string): boolean =>
  escape.test(text) || (text.length <= maxMarked && beyondAscii.test(text));

const windows = new TextDecoder('windows-1252');

/** UTF-8 decoded as Latin-1, one character for each byte, as Node reads the headers of an answer. */
function misread(text: string): string[] {
  if (!beyondAscii.test(text)) return [];
  const bytes = Buffer.from(text);
  return [bytes.toString('latin1'), windows.decode(bytes)];
}

const orders = ['plain first', 'escaped first'] as const;

/** The host of an address, and a few characters after it, are no secret. */
function commonIn(text: string): number {
  const host = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*\/?/i.exec(text)?.[0];
  return host === undefined ? 0 : host.length + 8;
}

/** All forms in which a secret is searched for. */
export function formsOf({ value, as = redacted }: Secret): Form[] {
  const plain = [...new Set([value, decodePercent(value)])].filter(Boolean);
  const long = (text: string) => text.length >= shortestPart;
  const parts = plain
    .flatMap((each) => [
      ...textsInBase64(each),
      ...misread(each),
      ...linesOf(each),
      ...passwordsIn(each),
      // Letters with accents, as one character and as several.
      each.normalize('NFC'),
      each.normalize('NFD'),
    ])
    .filter(long);
  const base64 = plain
    .filter(long)
    .flatMap(base64Of)
    .filter((core) => core.length >= 8);
  const hexadecimal = plain.filter(long).map((each) => Buffer.from(each).toString('hex'));
  const made = (text: string, wrapping: Wrapping): Form[] =>
    (isReadInTwoWays(text) ? orders : orders.slice(0, 1)).map((order) => ({
      ...encoded(text, order, wrapping),
      as,
      common: commonIn(text),
      base64: wrapping === 'base64',
      word: wrapping !== 'base64' && [...text].length < shortestWithin,
    }));
  return [
    ...[...new Set([...plain, ...parts])].flatMap((text) => made(text, 'text')),
    ...[...new Set(hexadecimal)].flatMap((text) => made(text, 'hexadecimal')),
    ...[...new Set(base64)].flatMap((text) => made(text, 'base64')),
  ];
}
