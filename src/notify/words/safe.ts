/**
 * Text from outside (titles, evidence, names) as messages have it: each line is printable, and holds nothing of which a
 * mail program or a chat makes a link by itself. So what a log says cannot lead a reader anywhere.
 */
import { printable } from '../../ground/text.ts';

/** `https://`, in which the scheme is followed by what makes it a link. */
const scheme = /:(?=\/\/)/g;

/** Schemes that programs open without slashes, too. */
const bareScheme =
  /\b(mailto|tel|sms|callto|sip|sips|xmpp|skype|facetime|javascript|vbscript|data|file|slack|magnet):(?=\S)/giu;

const www = /\b(www\d{0,3})\.(?=\S)/giu;

/** `example.com/path`: a name with a path is made a link where a name alone is mostly left as it is. */
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

/** The lines of a text, indented as they were; of empty lines one after the other, one. */
export const safeLines = (text: string): string[] =>
  text
    .split(lineEnd)
    .map((line) => unlinked(printable(line)).trimEnd())
    .filter((line, at, all) => line !== '' || (at > 0 && all[at - 1] !== ''));
