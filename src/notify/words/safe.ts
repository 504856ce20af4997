/**
 * Text from outside (titles, evidence, names) as messages show it: each line is printable, and contains nothing that a mail
 * program or a chat turns into a link by itself. So what a log says cannot lead a reader anywhere.
 */
import { printable } from '../../ground/text.ts';

/** The colon of `https://`. */
const scheme = /:(?=\/\/)/g;

/** Schemes that programs open without slashes, too. */
const bareScheme =
  /\b(mailto|tel|sms|callto|sip|sips|xmpp|skype|facetime|javascript|vbscript|data|file|slack|magnet):(?=\S)/giu;

const www = /\b(www\d{0,3})\.(?=\S)/giu;

/** The last dot of the name in `example.com/path`: programs make a link of a name with a path, but seldom of a name alone. */
const withPath = /(?<=[\p{L}\p{N}])[.。．｡](?=\p{L}[\p{L}\p{N}-]{1,62}[/?#])/gu;

/** Programs make no link of `https[:]//example[.]com/path`; a reader still sees what it was. */
const unlinked = (line: string): string =>
  line
    .replaceAll(scheme, '[:]')
    .replaceAll(bareScheme, '$1[:]')
    .replaceAll(www, '$1[.]')
    .replaceAll(withPath, '[.]');

/** One line, whatever the text holds. */
export const safeLine = (text: string): string => unlinked(printable(text)).trim();

const lineEnd = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;

/** The lines of a text, indented as they were; several empty lines in a row become one. */
export const safeLines = (text: string): string[] =>
  text
    .split(lineEnd)
    .map((line) => unlinked(printable(line)).trimEnd())
    .filter((line, index, lines) => line !== '' || (index > 0 && lines[index - 1] !== ''));
