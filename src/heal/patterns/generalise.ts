/** A pattern for all problems of one kind, from the title of one of them. */
import { BadPatternError, checkPattern } from './pattern.ts';

/** A CHECK of `bot_knowledge` has the same limit. */
const maxCharacters = 512;
const maxNameLength = 60;
/** `checkPattern` demands at least this much. */
const minLiteral = 3;

/** Escapes the characters that have a meaning in RE2. */
const escapePattern = (text: string): string => text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&');

/**
 * Parts of a title that belong to one case only, each with the class that stands for it in the pattern; null: the part is kept.
 * The first entry that fits counts. The class matches everything that its part matches, and more, so a title always matches
 * its own pattern.
 */
const particulars: [RegExp, string | null][] = [
  // A user as findings name one: a masked e-mail address, and the beginning of the id.
  [/[\w.+-]*…@[\w.-]+ \([0-9a-f]{8}\)/u, '\\S+ \\([0-9a-f]+\\)'],
  [/[\w.+-]*[\w+…-]@[A-Za-z0-9](?:[\w.-]*\w)?/u, '\\S+@[\\w.-]+'],
  [/[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/u, '[0-9a-f-]+'],
  [/"[^"]*"/u, '"[^"]*"'],
  [/`[^`]*`/u, '`[^`]*`'],
  // An apostrophe within a word is not a quotation mark.
  [/(?<![\p{L}\p{N}])'[^']*'(?![\p{L}\p{N}])/u, "'[^']*'"],
  // The version of an interface is part of its name.
  [/(?<=\/)[vV]\d+(?![\w.-])/u, null],
  // An id in a path: a number, or a long word with digits in it.
  [/(?<=\/)(?:\d+|(?=[\w-]*\d)[\w-]{12,})(?![\w.-])/u, '[\\w-]+'],
  // The id of a payment or of another object of a provider: `pi_3MtwBwLkdIwHu7ix`, `8XX12345AB678901C`.
  [/\b[a-z]{2,5}_(?:(?:test|live)_)?(?=\w*\d)\w{8,}/u, '\\w+'],
  [/\b(?=[A-Z\d]*\d)(?=\d*[A-Z])[A-Z\d]{12,}\b/u, '\\w+'],
  [/\b0[xX][0-9A-Fa-f]+/u, '0x[0-9a-f]+'],
  [
    /(?<![\p{L}\p{N}_])(?=[A-Fa-f]*\d)(?=\d*[A-Fa-f])[0-9A-Fa-f]{8,}(?![\p{L}\p{N}_])/u,
    '[0-9a-f]+',
  ],
  [/\d(?:[\d.,]*\d)?/u, '\\d[\\d.,]*'],
];

const anyParticular = new RegExp(particulars.map(([{ source }]) => `(${source})`).join('|'), 'gu');

/** The words of a title that belong to all cases, as the name of an entry: `sessions-of-piled-up`. */
export function nameFrom(title: string): string {
  const general = title
    .replaceAll(anyParticular, ' ')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase();
  const words = general.match(/[a-z][a-z0-9]*/g) ?? [];
  return words.join('-').slice(0, maxNameLength).replace(/-+$/, '');
}

/**
 * Numbers, UUIDs, hex, quoted values and the ids of paths become classes; the rest stays as it is, up to the longest
 * pattern that is allowed. When too little literal text would be left, the title stays whole. The caller still has to
 * ask {@link checkPattern} whether the pattern may be stored.
 */
export function generalise(title: string): string {
  const parts: string[] = [];
  let from = 0;
  let hasLiteral = false;
  const keep = (text: string) => {
    parts.push(...Array.from(text, escapePattern));
    hasLiteral ||= [...text.trim()].length >= minLiteral;
  };
  for (const found of title.matchAll(anyParticular)) {
    const which = found.slice(1).findIndex((group) => group !== undefined);
    const general = particulars[which]![1];
    keep(title.slice(from, found.index));
    if (general) parts.push(general);
    else keep(found[0]);
    from = found.index + found[0].length;
  }
  keep(title.slice(from));
  const pattern = cutToLimit(parts);
  return hasLiteral && isUsable(pattern) ? pattern : cutToLimit(Array.from(title, escapePattern));
}

/** As many parts as fit into a pattern, from the beginning. */
function cutToLimit(parts: string[]): string {
  let length = 0;
  const kept = parts.findIndex((part) => (length += [...part].length) > maxCharacters);
  return (kept < 0 ? parts : parts.slice(0, kept)).join('');
}

function isUsable(pattern: string): boolean {
  try {
    checkPattern(pattern);
    return true;
  } catch (error) {
    if (error instanceof BadPatternError) return false;
    throw error;
  }
}
