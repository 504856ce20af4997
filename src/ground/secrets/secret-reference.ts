/** How texts refer to a secret by its name: `{{secret:NAME}}`. */

/** What a secret may be called; `engine.secrets` holds the same. */
export const secretName = /^[A-Z][A-Z0-9_]{0,99}$/;

const reference = /\{\{secret:([A-Z][A-Z0-9_]{0,99})\}\}/g;

/** What was meant as a reference, however it is written. */
const meant = /\{\{\s*secrets?\b[^{}]*\}?\}?/gi;

export const referenceTo = (name: string): string => `{{secret:${name}}}`;

/** A text that begins with a reference: what it is in the end only the secret says. */
export const beginsWithReference = (text: string): boolean =>
  /^\{\{secret:[A-Z][A-Z0-9_]{0,99}\}\}/.test(text);

/** The texts in a value, each with its place; names of properties are no texts. */
export function textsIn(
  value: unknown,
  path: readonly (string | number)[] = [],
): { path: readonly (string | number)[]; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((each, at) => textsIn(each, [...path, at]));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, each]) => textsIn(each, [...path, name]));
}

/** The names that the texts of a value refer to, each once. */
export const secretsNamedIn = (value: unknown): string[] => [
  ...new Set(
    textsIn(value).flatMap(({ text }) => [...text.matchAll(reference)].map(([, name]) => name!)),
  ),
];

/** What in a text looks like a reference and is none, or null. */
export function brokenReferenceIn(text: string): string | null {
  const broken = [...text.matchAll(meant)]
    .map(([found]) => found)
    .find((found) => found.replace(reference, '') !== '');
  return broken ?? null;
}

/**
 * The text with the values in the places of their references. `encode` writes a value as the text around it needs it.
 * What is filled in is not looked at again: a value that looks like a reference is none.
 */
export const filledIn = (
  text: string,
  valueOf: (name: string) => string,
  encode: (value: string) => string = (value) => value,
): string => text.replace(reference, (_, name: string) => encode(valueOf(name)));
